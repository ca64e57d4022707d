"""A text-to-speech server on loopback that answers as it is told, byte by byte.

Speaks HTTP/1.1 with kept connections and chunked bodies by itself, so that it can break every
rule a real server may break: a wrong type, odd chunk borders, silence, an end in the middle.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Self

import numpy as np

from pipeline.audio import Samples


class Framing(Enum):
    """How the end of a body is told."""

    CHUNKS = auto()
    LENGTH = auto()
    CLOSE = auto()
    """By the end of the connection, which looks the same when the server dies."""


class Then(Enum):
    """What follows the last chunk."""

    END = auto()
    CUT = auto()
    """The connection closes in the middle of the body."""

    HANG = auto()
    """Nothing, until the client goes away."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    chunks: Sequence[bytes] = ()
    status: int = 200
    content_type: str | None = "audio/pcm"
    headers: dict[str, str] = field(default_factory=dict)
    then: Then = Then.END
    pause: float = 0.0
    """Seconds before each chunk."""

    framing: Framing = Framing.CHUNKS

    silent: bool = False
    """Send nothing at all, not even headers; :attr:`then` may be CUT."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class SpeechPeer:
    """The server; an async context manager that serves while open.

    Args:
        answer: Called with each request.

    """

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0
        self.client_gone = asyncio.Event()
        self._serving: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._respond(reader, writer):
                pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, path, headers, json.loads(body or b"{}"))
        self.requests.append(request)
        answer = self.answer(request)
        if answer.silent:
            return answer.then is not Then.CUT and await self._hang(reader)
        writer.write(_head(answer))
        for chunk in answer.chunks:
            await asyncio.sleep(answer.pause)
            chunked = answer.framing is Framing.CHUNKS
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            await writer.drain()
        match answer.then:
            case Then.END:
                writer.write(b"0\r\n\r\n" if answer.framing is Framing.CHUNKS else b"")
                await writer.drain()
                return answer.framing is not Framing.CLOSE
            case Then.CUT:
                return False
            case Then.HANG:
                return await self._hang(reader)

    async def _hang(self, reader: asyncio.StreamReader) -> bool:
        with suppress(ConnectionError):
            await reader.read()
        self.client_gone.set()
        return False


def _head(answer: Answer) -> bytes:
    match answer.framing:
        case Framing.CHUNKS:
            framing = "Transfer-Encoding: chunked"
        case Framing.LENGTH:
            # One that is cut ends before all has come.
            missing = 0 if answer.then is Then.END else 1
            framing = f"Content-Length: {sum(map(len, answer.chunks)) + missing}"
        case Framing.CLOSE:
            framing = "Connection: close"
    lines = [f"HTTP/1.1 {answer.status} Whatever", framing]
    if answer.content_type is not None:
        lines.append(f"Content-Type: {answer.content_type}")
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def json_answer(content: object, status: int = 200) -> Answer:
    return Answer([json.dumps(content).encode()], status, "application/json")


def tone(seconds: float, rate: int, *, hertz: float = 440.0) -> Samples:
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return (wave * 12_000).astype(np.int16)


def wav_bytes(
    data: bytes, rate: int, *, bits: int = 16, channels: int = 1, kind: int = 1, size: int = 0
) -> bytes:
    """Return a WAV with a header as streaming servers send it: no known size."""
    frame = channels * bits // 8
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    riff = b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE"
    return (
        riff + b"fmt " + struct.pack("<I", 16) + header + b"data" + struct.pack("<I", size) + data
    )


def extensible_wav_bytes(data: bytes, rate: int) -> bytes:
    """Return 16-bit mono PCM in a WAV whose format lies in a GUID, with a tag before its data."""
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000AA00389B71")
    header = struct.pack("<HHIIHH", 0xFFFE, 1, rate, rate * 2, 2, 16)
    header += struct.pack("<HHI", 22, 16, 4) + guid
    chunks = b"fmt " + struct.pack("<I", len(header)) + header
    chunks += b"LIST" + struct.pack("<I", 5) + b"INFO?\0"  # padded to an even length
    chunks += b"data" + struct.pack("<I", 0xFFFFFFFF) + data
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunks
