"""Opening the WebSocket to OpenAI, and what it means when that fails or it closes."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

import websockets
from websockets.asyncio.client import ClientConnection, connect

from server.phone.config_providers import OpenAIConfig
from server.phone.engines.realtime.problems import Verdict, advice, judge_error

LARGEST_MESSAGE: Final = 16 * 2**20
"""Bytes; an event holds a second of sound at most, or a conversation's text."""

OPENING: Final = 10.0
"""Seconds until a connection has to be open."""

CLOSING: Final = 1.0
"""Seconds that OpenAI may take to agree that it closes."""

_PING: Final = 10.0
_PORTS: Final = {"wss": 443, "ws": 80}
_OF_THE_SERVICE: Final = 4000  # close codes from here on are OpenAI's own
_POLICY: Final = 1008

# At DEBUG the library logs whole messages, and with them the key.
_NO_LOG = logging.Logger(  # noqa: LOG001 - one without handlers, outside the tree of loggers
    "server.phone.engines.realtime.websockets", logging.CRITICAL + 1
)


class RealtimeConnectionError(Exception):
    """There is no connection to OpenAI, or none any more; the message is for people.

    Args:
        message: What happened and what to do.
        hopeless: Whether another try would end the same.
        wait: Seconds that OpenAI asks to wait before another try.

    """

    def __init__(self, message: str, *, hopeless: bool = False, wait: float = 0.0) -> None:
        super().__init__(message)
        self.hopeless = hopeless
        self.wait = wait


@asynccontextmanager
async def dial(config: OpenAIConfig) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket for one session, and close it at the end.

    Raises:
        RealtimeConnectionError: It could not be opened.

    Cancelling closes it.

    """
    try:
        socket = await _open(config)
    except (websockets.InvalidHandshake, websockets.InvalidURI) as error:
        raise _refusal(error) from None
    except (OSError, ValueError) as error:  # among them TimeoutError; ValueError: a redirect
        reason = "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
        raise RealtimeConnectionError(
            f"OpenAI cannot be reached ({reason}). Check this machine's network, and"
            " phone.openai.websocket_base_url"
        ) from None
    try:
        yield socket
    finally:
        await _close(socket)


def closing_error(closed: websockets.ConnectionClosed) -> RealtimeConnectionError:
    """Return what it means that the connection was closed."""
    code = closed.rcvd.code if closed.rcvd else None
    if code is None:
        return RealtimeConnectionError("the connection to OpenAI broke")
    # OpenAI gives a type and a code of its own, as in "invalid_request_error.missing_model".
    kind, _, name = (closed.rcvd.reason if closed.rcvd else "").partition(".")
    verdict = judge_error(kind, name or kind)
    refused = code == _POLICY or (code >= _OF_THE_SERVICE and kind == "invalid_request_error")
    hopeless = verdict is Verdict.HOPELESS or (refused and verdict is Verdict.HARMLESS)
    what = f"OpenAI closed the connection (code {code}{f', {name}' if name else ''})"
    return RealtimeConnectionError(
        f"{what}. {advice(name)}" if hopeless else what, hopeless=hopeless
    )


async def _open(config: OpenAIConfig) -> ClientConnection:
    address = f"{config.websocket_base_url}/realtime?model={quote(config.usable_model)}"
    parts = urlsplit(address)
    key = config.api_key.get_secret_value() if config.api_key is not None else ""
    return await connect(
        address,
        additional_headers={"Authorization": f"Bearer {key}"},
        # Named here, they keep a redirect from taking our key to another host.
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        ssl=ssl.create_default_context() if parts.scheme == "wss" else None,
        compression=None,  # sound does not get smaller, and waiting for more would delay it
        proxy=None,  # what people say goes to OpenAI, not to a proxy found somewhere
        open_timeout=OPENING,
        close_timeout=CLOSING,
        ping_interval=_PING,
        ping_timeout=_PING,
        max_size=LARGEST_MESSAGE,
        logger=_NO_LOG,
    )


async def _close(socket: ClientConnection) -> None:
    """Close within a time; the library's own limit begins only when all was written and read."""
    try:
        async with asyncio.timeout(CLOSING):
            await socket.close()
    except TimeoutError:
        socket.transport.abort()
        await socket.wait_closed()


def _refusal(
    error: websockets.InvalidHandshake | websockets.InvalidURI,
) -> RealtimeConnectionError:
    if not isinstance(error, websockets.InvalidStatus):
        return RealtimeConnectionError(
            "what answers at phone.openai.websocket_base_url does not speak WebSocket"
        )
    status = error.response.status_code
    match status:
        case HTTPStatus.UNAUTHORIZED:
            hint = "Check OPENAI_API_KEY"
        case HTTPStatus.FORBIDDEN:
            hint = "Check that the account may use phone.openai.model, and its country"
        case HTTPStatus.NOT_FOUND:
            hint = "Check phone.openai.model and phone.openai.websocket_base_url"
        case _:
            hint = ""
    known = f"OpenAI refused the connection (HTTP {status})"
    if hint:
        return RealtimeConnectionError(f"{known}. {hint}", hopeless=True)
    return RealtimeConnectionError(known, wait=_retry_after(error))


def _retry_after(error: websockets.InvalidStatus) -> float:
    text = error.response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0
