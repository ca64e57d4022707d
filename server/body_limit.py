"""How much a request may bring."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.status import HTTP_413_CONTENT_TOO_LARGE
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Refuses a request whose body is too long, before more of it is kept in memory.

    Args:
        app: What is asked.
        limit: Bytes.

    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(HTTP_413_CONTENT_TOO_LARGE, f"send at most {self._limit} bytes")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
