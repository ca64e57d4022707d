"""The HTTP server of our programs: uvicorn, but quiet when it ends."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

LAST_RESPONSES = 0.5
"""Seconds that running responses get when the server ends."""


class HttpServer(uvicorn.Server):
    """Serves an application; what still runs :data:`LAST_RESPONSES` after its end is cut off.

    uvicorn by itself would wait for it for ever, or cancel it and log a traceback for each. A
    connection that is hung up ends its request the way a client that goes away does.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running responses end, then hang up."""
        hang_up = asyncio.get_running_loop().call_later(LAST_RESPONSES, self._hang_up)
        try:
            await super().shutdown(sockets)
        finally:
            hang_up.cancel()

    def _hang_up(self) -> None:
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
