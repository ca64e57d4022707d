"""The client of one scripted speech server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig
from pipeline.tts_server import Address, Patience, SpeechServerClient, Wanted
from pipeline.tts_sound import SpeechChunk
from tests.peers.speech_server import (
    Answer,
    Request,
    SpeechPeer,
    tone,
)

TONE = tone(0.5, SPEECH_RATE)
PATIENT = TtsConfig(first_audio_timeout=20, stall_timeout=20)
HASTY = TtsConfig(first_audio_timeout=0.2, stall_timeout=0.2)


def client_of(url: str, config: TtsConfig = PATIENT, key: str = "") -> SpeechServerClient:
    return SpeechServerClient(Address("tts", url, config.model, config.voice, key), config)


@asynccontextmanager
async def talking(
    answer: Callable[[Request], Answer], config: TtsConfig = PATIENT, key: str = ""
) -> AsyncGenerator[tuple[SpeechServerClient, SpeechPeer]]:
    async with SpeechPeer(answer) as peer:
        tts = client_of(peer.url, config, key)
        try:
            yield tts, peer
        finally:
            await tts.aclose()


def speak(
    tts: SpeechServerClient,
    voice: str = "default",
    *,
    limit: float = 20.0,
    asks_again: bool = False,
) -> AsyncGenerator[SpeechChunk]:
    return tts.speak(Wanted("Good morning.", voice, 1.5), Patience(limit, asks_again=asks_again))


async def say(tts: SpeechServerClient, voice: str = "default", limit: float = 20.0) -> Samples:
    chunks = [chunk.samples async for chunk in speak(tts, voice, limit=limit)]
    return np.concatenate([np.empty(0, np.int16), *chunks])


def hear(
    answer: Answer | Callable[[Request], Answer], config: TtsConfig = PATIENT, key: str = ""
) -> Samples:
    async def run() -> Samples:
        make = answer if callable(answer) else lambda _: answer
        async with talking(make, config, key) as (tts, _):
            return await say(tts, limit=config.first_audio_timeout)

    return asyncio.run(run())


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())
