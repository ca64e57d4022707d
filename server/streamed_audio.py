"""Sound as an HTTP response, sent on as it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Protocol

from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send


class Source(Protocol):
    """Where the sound comes from."""

    async def aclose(self) -> None:
        """Make no more of it."""


class StreamedAudio(StreamingResponse):
    """A stream whose source is closed in any case, and at once when the client goes away.

    Args:
        chunks: The sound.
        source: What is closed. Not the chunks themselves: a client may be gone before the first,
            and a generator that has not begun knows nothing of its end.
        status_code: HTTP status.
        headers: HTTP headers.

    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        source: Source,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(chunks, status_code, headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all, or until the client goes away."""
        async with aclosing(self._source):
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send it all; cancelled when the client goes away."""

        async def send_and_look(message: Message) -> None:
            await send(message)
            # Sound is often made faster than it is sent, and nothing here would ever wait: the
            # event loop has to get its turn to notice that nobody listens any more.
            await asyncio.sleep(0)

        await super().stream_response(send_and_look)
