"""Measure our speech server and its client: start, first sound, memory.

``python -m benchmarks.speech_server``
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time

import psutil

from pipeline.audio import SPEECH_RATE
from pipeline.config import TtsConfig
from pipeline.tts import HttpTextToSpeech
from server.speech.child import SpeechServer
from server.speech.config import SpeechConfig

SENTENCE = "The weather in Oslo is fine today, but take an umbrella with you, just in case."
STARTS = 5
SENTENCES = 300
AT_ONCE = 10


async def speak(tts: HttpTextToSpeech) -> tuple[float, float, float]:
    """Return milliseconds to the first sound and to the last, and seconds of sound."""
    began = time.perf_counter()
    first = 0.0
    samples = 0
    async for chunk in tts.synthesize(SENTENCE, voice="sage"):
        first = first or time.perf_counter() - began
        samples += len(chunk)
    return first * 1e3, (time.perf_counter() - began) * 1e3, samples / SPEECH_RATE


def spread(values: list[float]) -> dict[str, float]:
    """Return median and 95th percentile."""
    return {
        "p50": round(statistics.median(values), 2),
        "p95": round(statistics.quantiles(values, n=20)[-1], 2),
    }


async def main() -> None:
    """Measure everything and print one JSON object."""
    starts: list[float] = []
    stops: list[float] = []
    for _ in range(STARTS):
        began = time.perf_counter()
        async with SpeechServer(SpeechConfig()):
            starts.append(time.perf_counter() - began)
            began = time.perf_counter()
        stops.append(time.perf_counter() - began)
    async with SpeechServer(SpeechConfig()) as server:
        tts = HttpTextToSpeech(TtsConfig(), server.url)
        cold, _, _ = await speak(tts)
        alone = [await speak(tts) for _ in range(SENTENCES)]
        async with asyncio.TaskGroup() as tasks:
            crowd = [tasks.create_task(speak(tts)) for _ in range(AT_ONCE)]
        memory = psutil.Process(server.pid).memory_info().rss / 2**20
        await tts.aclose()
    figures = {
        "start_s": round(statistics.median(starts), 2),
        "stop_s": round(statistics.median(stops), 2),
        "first_sound_ms": spread([first for first, _, _ in alone]),
        "first_sound_cold_ms": round(cold, 1),
        "first_sound_of_10_at_once_ms": round(max(task.result()[0] for task in crowd), 1),
        "whole_sentence_ms": spread([whole for _, whole, _ in alone]),
        "sentence_s": round(alone[0][2], 2),
        "server_rss_mib": round(memory),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
