"""Measure our speech server and its client: start, first sound, many at once, cancelling.

``python -m benchmarks.speech_server [--voices DIR] [--peer PYTHON]``

``--voices`` names a folder made by ``benchmarks.random_voices``: Piper and Kokoro are measured too
(random weights: timing only). ``--peer`` names the Python of an environment with Supertonic's
server (``benchmarks/supertonic_peer.py``), which answers the same requests in turns with ours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from models.config import ModelsConfig
from pipeline.audio import SPEECH_RATE
from pipeline.config import TtsConfig
from pipeline.tts import HttpTextToSpeech
from server.speech.child import SpeechServer
from server.speech.config import EngineName, SpeechConfig

SENTENCE = "The weather in Oslo is fine today, but take an umbrella with you, just in case."
STARTS = 5
SENTENCES = 300
NEURAL_SENTENCES = 20
AT_ONCE = 32
CROWDS = 15
CANCELLED = 20

OUR_BODY = {"input": SENTENCE, "voice": "jarvis", "response_format": "wav"}
THEIR_BODY = {
    "model": "supertonic-3",
    "input": SENTENCE,
    "voice": "M1",
    "response_format": "wav",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request took."""

    first_ms: float
    """To the first byte of the body."""

    whole_ms: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Target:
    """A server and what it is asked for."""

    url: str
    body: dict[str, Any]


def spread(values: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and the largest value."""
    return {
        "p50": round(statistics.median(values), 2),
        "p95": round(statistics.quantiles(values, n=20)[-1], 2),
        "max": round(max(values), 2),
    }


class Connection:
    """A kept connection that does as little as possible: servers are measured, not clients."""

    def __init__(self, target: Target) -> None:
        address = urlsplit(target.url)
        self._place = (address.hostname, address.port)
        body = json.dumps(target.body).encode()
        self._request = (
            b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._place, limit=2**22)

    async def ask(self) -> Asked:
        """Ask once."""
        began = time.perf_counter()
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head:
            raise RuntimeError(head.decode())
        length = re.search(rb"content-length: (\d+)", head)
        parts = self._rest(int(length[1])) if length else self._chunks()
        first, size = 0.0, 0
        async for data in parts:
            first = first or time.perf_counter() - began
            size += len(data)
        return Asked(first * 1e3, (time.perf_counter() - began) * 1e3, size)

    async def _rest(self, length: int) -> AsyncIterator[bytes]:
        while length:
            data = await self._reader.read(length)
            length -= len(data)
            yield data

    async def _chunks(self) -> AsyncIterator[bytes]:
        while length := int(await self._reader.readline(), 16):
            yield await self._reader.readexactly(length)
            await self._reader.readline()
        await self._reader.readline()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def load(targets: Mapping[str, Target], rounds: int, crowds: int) -> dict[str, Any]:
    """Ask all servers in turns, so that a busy moment of the machine meets them alike.

    One request after another first, then many at once.
    """
    alone: dict[str, list[Asked]] = {name: [] for name in targets}
    crowd: dict[str, list[Asked]] = {name: [] for name in targets}
    took: dict[str, list[float]] = {name: [] for name in targets}
    async with AsyncExitStack() as stack:
        connections: dict[str, list[Connection]] = {}
        for name, target in targets.items():
            connections[name] = [Connection(target) for _ in range(AT_ONCE)]
            for connection in connections[name]:
                await connection.open()
                stack.push_async_callback(connection.close)
            await connections[name][0].ask()
        for _ in range(rounds):
            for name, (first, *_) in connections.items():
                alone[name].append(await first.ask())
        for _ in range(crowds):
            for name, everyone in connections.items():
                began = time.perf_counter()
                crowd[name] += await asyncio.gather(*(one.ask() for one in everyone))
                took[name].append((time.perf_counter() - began) * 1e3)
    return {
        name: {
            "first_byte_ms": spread([one.first_ms for one in alone[name]]),
            "whole_ms": spread([one.whole_ms for one in alone[name]]),
            f"first_byte_of_{AT_ONCE}_at_once_ms": spread([one.first_ms for one in crowd[name]]),
            f"all_of_{AT_ONCE}_at_once_ms": spread(took[name]),
        }
        for name in targets
    }


async def health_in_a_crowd(target: Target) -> dict[str, float]:
    """Ask for health while many are served: how long the event loop is held up."""
    connections = [Connection(target) for _ in range(AT_ONCE)]
    took: list[float] = []
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for connection in connections:
            await connection.open()
        async with asyncio.TaskGroup() as tasks:
            crowd = [tasks.create_task(connection.ask()) for connection in connections]
            while not all(task.done() for task in crowd) or len(took) < 3:
                began = time.perf_counter()
                await client.get(f"{target.url}/health")
                took.append((time.perf_counter() - began) * 1e3)
        for connection in connections:
            await connection.close()
    return spread(took)


async def cancelled(target: Target, pid: int) -> dict[str, float]:
    """Hang up in the middle of long texts: milliseconds of processor used after that."""
    process = psutil.Process(pid)
    body = target.body | {"input": SENTENCE * 45}
    used: list[float] = []
    async with httpx.AsyncClient(timeout=120) as client:
        while len(used) < CANCELLED:
            address = f"{target.url}/v1/audio/speech"
            async with client.stream("POST", address, json=body) as answer:
                await anext(answer.aiter_raw())
            before = process.cpu_times()
            await asyncio.sleep(0.5)
            after = process.cpu_times()
            used.append((after.user + after.system - before.user - before.system) * 1e3)
    return spread(used)


async def through_client(server: SpeechServer) -> dict[str, Any]:
    """Measure with the program's own client, to the first samples."""
    tts = HttpTextToSpeech(TtsConfig(), server.url)
    firsts: list[float] = []
    seconds = 0.0
    for _ in range(SENTENCES):
        began = time.perf_counter()
        first = 0.0
        samples = 0
        async for chunk in tts.synthesize(SENTENCE, voice="sage"):
            first = first or time.perf_counter() - began
            samples += len(chunk)
        firsts.append(first * 1e3)
        seconds = samples / SPEECH_RATE
    await tts.aclose()
    return {"first_sound_ms": spread(firsts[1:]), "sentence_s": round(seconds, 2)}


async def starts() -> dict[str, float]:
    """Measure starting and stopping."""
    up: list[float] = []
    down: list[float] = []
    for _ in range(STARTS):
        began = time.perf_counter()
        async with SpeechServer(SpeechConfig(engine="espeak")):
            up.append(time.perf_counter() - began)
            began = time.perf_counter()
        down.append(time.perf_counter() - began)
    return {
        "start_s": round(statistics.median(up), 2),
        "stop_s": round(statistics.median(down), 2),
    }


async def ours(engine: EngineName, voices: Path | None) -> dict[str, Any]:
    """Measure our server with one engine."""
    neural = engine in {"piper", "kokoro"}
    models = ModelsConfig(path=(voices,) if voices else ())
    async with SpeechServer(SpeechConfig(engine=engine), models=models) as server:
        target = Target(server.url, OUR_BODY)
        loads = await load({"ours": target}, NEURAL_SENTENCES if neural else SENTENCES, 1)
        figures = loads["ours"]
        pid = server.pid or 0
        figures["health_in_a_crowd_ms"] = await health_in_a_crowd(target)
        figures["processor_after_hanging_up_ms"] = await cancelled(target, pid)
        if engine == "espeak":
            figures |= await through_client(server)
        figures["rss_mib"] = round(psutil.Process(pid).memory_info().rss / 2**20)
    return {"server": "ours", "engine": server.engine, **figures}


async def beside_supertonic(python: str) -> dict[str, Any]:
    """Measure our server beside Supertonic's with the same engine behind it."""
    async with SpeechServer(SpeechConfig(engine="espeak")) as server, peer(python) as url:
        targets = {"ours": Target(server.url, OUR_BODY), "supertonic": Target(url, THEIR_BODY)}
        return await load(targets, SENTENCES, CROWDS)


@asynccontextmanager
async def peer(python: str) -> AsyncIterator[str]:
    """Run Supertonic's server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        python, "-m", "benchmarks.supertonic_peer", str(port)
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{url}/v1/health")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def main() -> None:
    """Measure what the command line asks for; one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--peer", help="Python with supertonic[serve]")
    arguments = parser.parse_args()
    parts: list[Callable[[], Awaitable[dict[str, Any]]]] = [
        starts,
        lambda: ours("espeak", None),
    ]
    if arguments.peer:
        parts.append(lambda: beside_supertonic(arguments.peer))
    if arguments.voices:
        parts.append(lambda: ours("piper", arguments.voices))
        parts.append(lambda: ours("kokoro", arguments.voices))
    for part in parts:
        print(json.dumps(await part()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
