"""One WebSocket of the bot, as the fake's gateways use it."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web

CLOSE_PATIENCE = 1.0
"""Seconds a client has to answer a close."""

DECODE_ERROR = 4002
"""Both gateways close with it when they do not understand a message."""

Receive: TypeAlias = Callable[["Connection", "Message | bytes"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Message:
    """What a client said."""

    op: int
    data: Any


class RefusedError(Exception):
    """The connection is to be closed with a code."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{int(code)} {reason}")
        self.code = int(code)
        self.reason = reason


class Connection:
    """Sends in order without waiting; closing waits for what is still to be sent."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, *, compress: bool = False
    ) -> None:
        self._request = request
        self._socket = socket
        self._compressor = zlib.compressobj() if compress else None
        self._waiting: asyncio.Queue[str | bytes | RefusedError] = asyncio.Queue()
        self._end: RefusedError | None = None

    @classmethod
    async def accept(cls, request: web.Request, *, compress: bool = False) -> Connection:
        """Open the WebSocket that a client asks for."""
        socket = web.WebSocketResponse(max_msg_size=0, timeout=CLOSE_PATIENCE)
        await socket.prepare(request)
        return cls(request, socket, compress=compress)

    @property
    def response(self) -> web.StreamResponse:
        """What the web server is to have in the end."""
        return self._socket

    @property
    def closed(self) -> bool:
        return self._socket.closed

    @property
    def close_code(self) -> int | None:
        """With which code the connection ended, by whichever side."""
        return self._socket.close_code if self._end is None else self._end.code

    def send(self, data: str | bytes) -> None:
        """Queue a message."""
        if self._end is None and not self._socket.closed:
            self._waiting.put_nowait(data)

    def send_json(self, message: object) -> None:
        """Queue a message."""
        self.send(json.dumps(message))

    async def drain(self) -> None:
        """Wait until everything was handed to the network, or the connection ended."""
        await self._waiting.join()

    def close_soon(self, code: int, reason: str = "") -> None:
        """Close with a code, after everything queued was sent."""
        if self._end is None and not self._socket.closed:
            self._end = RefusedError(code, reason)
            self._waiting.put_nowait(self._end)

    async def close(self, code: int, reason: str = "") -> None:
        """Close with a code, after everything queued was sent; wait for it."""
        self.close_soon(code, reason)
        await self.drain()

    def abort(self) -> None:
        """Break the connection without a word, as a lost network does."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def serve(self, receive: Receive, refusal: RefusedError | None = None) -> None:
        """Hand on every message until the connection ends, or refuse it at once."""
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write())
            try:
                if refusal is not None:
                    raise refusal
                await self._read(receive)
            except RefusedError as reason:
                self.close_soon(reason.code, reason.reason)
            finally:
                if self._end is None:
                    writer.cancel()
                await asyncio.wait({writer})
                self._forget_waiting()

    def _forget_waiting(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()
            self._waiting.task_done()

    async def _read(self, receive: Receive) -> None:
        async for message in self._messages():
            await receive(self, message)

    async def _messages(self) -> AsyncIterator[Message | bytes]:
        async for message in self._socket:
            match message.type:
                case aiohttp.WSMsgType.TEXT:
                    yield _decoded(message.data)
                case aiohttp.WSMsgType.BINARY:
                    yield message.data

    async def _write(self) -> None:
        while not self._socket.closed:
            data = await self._waiting.get()
            try:
                with suppress(ConnectionError):
                    await self._send(data)
            finally:
                self._waiting.task_done()

    async def _send(self, data: str | bytes | RefusedError) -> None:
        if isinstance(data, RefusedError):
            await self._socket.close(code=data.code, message=data.reason.encode())
        elif self._compressor is not None:
            raw = data.encode() if isinstance(data, str) else data
            packed = self._compressor.compress(raw) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(packed)
        elif isinstance(data, str):
            await self._socket.send_str(data)
        else:
            await self._socket.send_bytes(data)


def _decoded(text: str) -> Message:
    try:
        content = json.loads(text)
        return Message(content["op"], content.get("d"))
    except (ValueError, TypeError, KeyError) as error:
        raise RefusedError(DECODE_ERROR, "Error while decoding payload.") from error
