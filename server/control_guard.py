"""Who may use the control API: holders of the token, or else programs on this machine."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.status import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    WS_1008_POLICY_VIOLATION,
)
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from server.config import ServerConfig, is_loopback
from server.phone.security.forwarding import is_forwarded

OPEN_PATHS = frozenset({"/health"})
"""Paths that need no token: to those who send none they tell nothing about anybody."""

OWN_VIA = "1.1 openclaw-voice"
"""How the service signs requests that it passes on, in their ``Via`` header."""

STRANGER = "openclaw-voice.stranger"
"""Key in the scope of a request that came without the token, to a path that needs none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused."""

    status: int
    detail: str


_FORWARDED = Refusal(
    HTTP_403_FORBIDDEN,
    "This request comes from another machine, or through a proxy: set server.token, and send it as"
    " a bearer token.",
)


class ControlGuard:
    """Lets in whoever sends the token.

    Without a token only this machine may connect, but its browser can be led here by any web page:
    with the page's own name pointed at this address ("DNS rebinding"), or across sites. Both show
    in the request's Host or Origin, so requests that name another machine there are refused. And
    through a tunnel or proxy the whole internet comes from this machine: what was forwarded needs
    the token.

    Args:
        app: What is guarded.
        server: Has the token.

    """

    def __init__(self, app: ASGIApp, server: ServerConfig) -> None:
        self._app = app
        self._token = server.token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refusal = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(WS_1008_POLICY_VIOLATION, refusal.detail)(scope, receive, send)
        else:
            headers = (
                {"www-authenticate": "Bearer"} if refusal.status == HTTP_401_UNAUTHORIZED else {}
            )
            response = JSONResponse({"detail": refusal.detail}, refusal.status, headers)
            await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        if self._token is None:
            return _refusal_without_token(scope, headers)
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # Headers are read as latin-1, whatever bytes they are.
        sent, expected = given.strip().encode("latin-1"), self._token.get_secret_value().encode()
        if scheme.lower() == "bearer" and secrets.compare_digest(sent, expected):
            return None
        if scope["path"] in OPEN_PATHS:
            scope[STRANGER] = True
            return None
        return Refusal(HTTP_401_UNAUTHORIZED, "Send server.token as a bearer token.")


def _refusal_without_token(scope: Scope, headers: Headers) -> Refusal | None:
    # What another service of ours on this machine passes on says so, and comes from here.
    signs = (name for name, value in headers.items() if (name, value) != ("via", OWN_VIA))
    if not _is_from_this_machine(scope) or is_forwarded(signs):
        return _FORWARDED
    if not _is_this_machine(f"//{headers.get('host', '')}"):
        return Refusal(HTTP_400_BAD_REQUEST, "The Host header names another machine.")
    if "origin" in headers and not _is_this_machine(headers["origin"]):
        return Refusal(HTTP_403_FORBIDDEN, "Other sites may not use this API.")
    return None


def _is_from_this_machine(scope: Scope) -> bool:
    """Return whether the other end of the socket is here."""
    client = scope.get("client")
    return client is not None and is_loopback(client[0])


def _is_this_machine(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:  # no address at all
        return False
