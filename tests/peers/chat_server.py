"""A chat server on loopback that says and breaks what a test wants, byte by byte.

Speaks HTTP/1.1 by hand, because the faults lie where a web framework would
tidy up: bodies that are cut, never end, or come with no length.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Exchange:
    """One request, and the means to answer it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    connection: int
    """Number of the connection it came by."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    chunked: bool = True
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client closed the connection before the answer ended."""

    async def start(
        self, kind: str = "text/event-stream", status: str = "200 OK", *, chunked: bool = True
    ) -> None:
        """Send the head; without chunks the body ends with the connection."""
        self.chunked = chunked
        framing = "Transfer-Encoding: chunked" if chunked else "Connection: close"
        await self._write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n".encode()
        )

    async def send(self, data: bytes) -> None:
        await self._write(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    async def say(self, text: str | None, **more: object) -> None:
        """Send one piece of a reply as a server-sent event."""
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None, **more}
        body = {"object": "chat.completion.chunk", "choices": [choice]}
        await self.send(b"data: %s\n\n" % json.dumps(body).encode())

    async def finish(self, reason: str = "stop") -> None:
        await self.say(None, delta={}, finish_reason=reason)

    async def done(self) -> None:
        await self.send(b"data: [DONE]\n\n")

    async def end(self) -> None:
        """End the body properly."""
        if self.chunked:
            await self._write(b"0\r\n\r\n")
        else:
            self.writer.close()

    def cut(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()

    async def until_hung_up(self) -> None:
        """Send nothing until the client goes away."""
        with suppress(ConnectionError):
            await self.reader.read()
        self.hung_up.set()

    async def _write(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            self.hung_up.set()
            raise


Script = Callable[[Exchange], Awaitable[None]]


def reply(*pieces: str) -> Script:
    """Answer as OpenAI does: a role, the pieces, a reason to finish, ``[DONE]``."""

    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.say(None, delta={"role": "assistant", "content": ""})
        for piece in pieces:
            await exchange.say(piece)
        await exchange.finish()
        await exchange.done()
        await exchange.end()

    return script


def whole(body: object, status: str = "200 OK", kind: str = "application/json") -> Script:
    """Answer with one JSON body."""

    async def script(exchange: Exchange) -> None:
        await exchange.start(kind, status)
        await exchange.send(body if isinstance(body, bytes) else json.dumps(body).encode())
        await exchange.end()

    return script


class ChatServer:
    """The server; an asynchronous context manager. Scripts answer the requests in order."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = deque(scripts)
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        """Set when a request has come."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        number = self.connections
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    await self._answer(reader, writer, number)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        path = head[0].split()[1]
        exchange = Exchange(path, headers, body, number, reader, writer)
        self.exchanges.append(exchange)
        self.arrived.set()
        await self.scripts.popleft()(exchange)
