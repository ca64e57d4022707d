"""The text-to-speech client with a ladder of scripted servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.config import TtsConfig, TtsFallback
from pipeline.tts import FADE, HttpTextToSpeech
from tests.peers.speech_server import Answer, Request, SpeechPeer, Then, json_answer, tone

WEATHER = "The weather in Oslo is fine today, but take an umbrella with you, just in case."
TONE = tone(0.5, SPEECH_RATE)
SPOKEN = Answer([TONE.tobytes()])
BROKEN = json_answer({"error": {"message": "out of memory"}}, 500)
FADING = round(FADE * SPEECH_RATE)

Script = Callable[[Request], Answer]


@asynccontextmanager
async def ladder(
    *scripts: Script, **settings: Any
) -> AsyncGenerator[tuple[HttpTextToSpeech, Sequence[SpeechPeer]]]:
    """Serve on as many servers, the first the best."""
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(SpeechPeer(script)) for script in scripts]
        fallbacks = {
            f"peer{place}": TtsFallback(url=peer.url, voice=f"usual{place}")
            for place, peer in enumerate(peers[1:], 1)
        }
        tts = HttpTextToSpeech(TtsConfig(fallbacks=fallbacks, **settings), peers[0].url)
        stack.push_async_callback(tts.aclose)
        yield tts, peers


async def say(
    tts: HttpTextToSpeech, text: str = WEATHER, voice: str = "sage", speed: float | None = None
) -> Samples:
    chunks = [chunk async for chunk in tts.synthesize(text, voice=voice, speed=speed)]
    return np.concatenate([np.empty(0, np.int16), *chunks])


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def spoken(_: Request) -> Answer:
    return SPOKEN


def broken(_: Request) -> Answer:
    return BROKEN


def dying(seconds: float, then: Then = Then.CUT) -> Script:
    """Die after so much sound."""
    sound = tone(seconds, SPEECH_RATE).tobytes()
    return lambda _: Answer([sound], then=then)


def texts(peer: SpeechPeer) -> list[str]:
    return [request.body["input"] for request in peer.requests]
