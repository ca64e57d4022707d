"""Measure our speech server and its client: start, first sound, many at once, cancelling.

``python -m benchmarks.speech_server [--voices DIR] [--peer PYTHON]``

``--voices`` names a folder made by ``benchmarks.random_voices``: Piper and Kokoro are measured too
(random weights: timing only). ``--peer`` names the Python of an environment with Supertonic's
server (``benchmarks/supertonic_peer.py``), which answers the same requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
CANCELLED = 20


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


async def ask(client: httpx.AsyncClient, target: Target) -> Asked:
    """Ask once."""
    began = time.perf_counter()
    first = 0.0
    size = 0
    async with client.stream("POST", f"{target.url}/v1/audio/speech", json=target.body) as answer:
        answer.raise_for_status()
        async for data in answer.aiter_raw():
            first = first or time.perf_counter() - began
            size += len(data)
    return Asked(first * 1e3, (time.perf_counter() - began) * 1e3, size)


async def load(target: Target, sentences: int) -> dict[str, Any]:
    """Ask one after another, then many at once, while health is asked, too."""
    limits = httpx.Limits(max_connections=AT_ONCE + 1, max_keepalive_connections=AT_ONCE + 1)
    async with httpx.AsyncClient(limits=limits, timeout=120) as client:
        await ask(client, target)
        alone = [await ask(client, target) for _ in range(sentences)]
        async with asyncio.TaskGroup() as tasks:
            crowd = [tasks.create_task(ask(client, target)) for _ in range(AT_ONCE)]
            health = tasks.create_task(_health_while(client, target.url, crowd))
    at_once = [task.result() for task in crowd]
    return {
        "first_byte_ms": spread([one.first_ms for one in alone]),
        "whole_ms": spread([one.whole_ms for one in alone]),
        f"first_byte_of_{AT_ONCE}_at_once_ms": spread([one.first_ms for one in at_once]),
        f"whole_of_{AT_ONCE}_at_once_ms": spread([one.whole_ms for one in at_once]),
        "health_meanwhile_ms": spread(health.result()),
    }


async def _health_while(
    client: httpx.AsyncClient, url: str, crowd: list[asyncio.Task[Asked]]
) -> list[float]:
    """Ask for health as long as the crowd is served: how long the event loop is held up."""
    path = "/health" if (await client.get(f"{url}/health")).is_success else "/v1/health"
    took = []
    while not all(task.done() for task in crowd) or len(took) < 3:
        began = time.perf_counter()
        await client.get(f"{url}{path}")
        took.append((time.perf_counter() - began) * 1e3)
    return took


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
        body = {"input": SENTENCE, "voice": "jarvis", "response_format": "wav"}
        target = Target(server.url, body)
        figures = await load(target, NEURAL_SENTENCES if neural else SENTENCES)
        pid = server.pid or 0
        figures["processor_after_hanging_up_ms"] = await cancelled(target, pid)
        if engine == "espeak":
            figures |= await through_client(server)
        figures["rss_mib"] = round(psutil.Process(pid).memory_info().rss / 2**20)
    return {"server": "ours", "engine": server.engine, **figures}


async def supertonic(python: str) -> dict[str, Any]:
    """Measure Supertonic's server with the same engine behind it."""
    async with peer(python) as url:
        body = {
            "model": "supertonic-3",
            "input": SENTENCE,
            "voice": "M1",
            "response_format": "wav",
        }
        return {"server": "supertonic", "engine": "espeak", **await load(Target(url, body), 100)}


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
        parts.append(lambda: supertonic(arguments.peer))
    if arguments.voices:
        parts.append(lambda: ours("piper", arguments.voices))
        parts.append(lambda: ours("kokoro", arguments.voices))
    for part in parts:
        print(json.dumps(await part()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
