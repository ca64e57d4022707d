"""A reverse proxy on loopback, behind which every client is on another machine.

It names a foreign address in ``X-Forwarded-For`` and passes all else on as it is; a gateway that
trusts proxies on loopback takes that for the address of the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CLIENT_ADDRESS = "192.0.2.20"
"""Of a range that is kept for documentation (RFC 5737)."""


@asynccontextmanager
async def forwarding_to(port: int) -> AsyncIterator[str]:
    """Serve while open; yields the WebSocket address of the proxy."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            further, back = await asyncio.open_connection("127.0.0.1", port)
            named = b"\r\nX-Forwarded-For: %s\r\n\r\n" % CLIENT_ADDRESS.encode()
            back.write(head.removesuffix(b"\r\n\r\n") + named)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pass_on(reader, back))
                tasks.create_task(_pass_on(further, writer))
        writer.close()

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on until either side closes; then close the other."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
