"""Measure the text-to-speech client beside a plain httpx stream to the same server.

``python -m benchmarks.tts_client [--url URL --model NAME --voice NAME --format wav]``

Without ``--url`` our own speech server is started. Prints one JSON object a line: milliseconds from
a sentence to its first sample, on a warm connection, on one that ``warm`` has opened, on none, and
from memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from pipeline.config import TtsConfig
from pipeline.tts import HttpTextToSpeech
from server.speech.child import SpeechServer
from server.speech.config import SpeechConfig

SENTENCE = "The weather in Oslo is fine today, but take an umbrella with you, just in case."
PHRASE = "Let me see."
ROUNDS = 300
COLD_ROUNDS = 60

First = Callable[[], Awaitable[float]]
"""Speaks once; returns the milliseconds to the first sample."""


async def through_client(tts: HttpTextToSpeech, text: str, voice: str) -> float:
    """Speak with the program's client."""
    began = time.perf_counter()
    first = 0.0
    async for _ in tts.synthesize(text, voice=voice):
        first = first or time.perf_counter() - began
    return first * 1e3


async def through_httpx(client: httpx.AsyncClient, body: dict[str, str]) -> float:
    """Speak with nothing but an HTTP client; what came first is not even decoded."""
    began = time.perf_counter()
    first = 0.0
    async with client.stream("POST", "/v1/audio/speech", json=body) as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_bytes():
            first = first or time.perf_counter() - began
    return first * 1e3


def spread(values: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and the largest value."""
    return {
        "p50": round(statistics.median(values), 2),
        "p95": round(statistics.quantiles(values, n=20)[-1], 2),
        "max": round(max(values), 2),
    }


async def side_by_side(ways: dict[str, First], rounds: int) -> dict[str, dict[str, float]]:
    """Speak in turns, so that a busy moment of the machine meets all ways alike."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            took[name].append(await way())
    return {name: spread(values[1:]) for name, values in took.items()}


async def measure(url: str, config: TtsConfig, body: dict[str, str]) -> None:
    """Measure with one server."""
    voice = config.voice

    async def cold() -> float:
        tts = HttpTextToSpeech(config, url)
        try:
            return await through_client(tts, SENTENCE, voice)
        finally:
            await tts.aclose()

    async def warmed() -> float:
        tts = HttpTextToSpeech(config, url)
        try:
            await tts.warm()
            return await through_client(tts, SENTENCE, voice)
        finally:
            await tts.aclose()

    async def cold_httpx() -> float:
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
            return await through_httpx(client, body)

    tts = HttpTextToSpeech(config, url)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        ways: dict[str, First] = {
            "httpx": lambda: through_httpx(client, body),
            "client": lambda: through_client(tts, SENTENCE, voice),
            "client, from memory": lambda: through_client(tts, PHRASE, voice),
        }
        print(json.dumps({"first_ms": await side_by_side(ways, ROUNDS)}), flush=True)
    await tts.aclose()
    ways = {"httpx, cold": cold_httpx, "client, cold": cold, "client, warmed before": warmed}
    print(json.dumps({"first_ms": await side_by_side(ways, COLD_ROUNDS)}), flush=True)


@asynccontextmanager
async def server_at(url: str | None) -> AsyncIterator[str]:
    """Use a server that is there, or start our own."""
    if url is not None:
        yield url.rstrip("/").removesuffix("/v1")
        return
    async with SpeechServer(SpeechConfig(engine="espeak")) as server:
        yield server.url


async def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--model", default="tts-1")
    parser.add_argument("--voice", default="default")
    parser.add_argument("--format", default="pcm", help="what the plain stream asks for")
    options = parser.parse_args()
    config = TtsConfig(model=options.model, voice=options.voice)
    body = {
        "model": options.model,
        "voice": options.voice,
        "input": SENTENCE,
        "response_format": options.format,
    }
    async with server_at(options.url) as url:
        await measure(url, config, body)


if __name__ == "__main__":
    asyncio.run(main())
