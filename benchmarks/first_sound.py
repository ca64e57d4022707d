"""Measure how soon a reply is heard: from the agent's words to the first sample handed out.

``python -m benchmarks.first_sound [--voices DIR]``

An agent's reply streams in token by token. It is cut into clauses, asked of our own speech server
over loopback by the program's client, and handed to a transport, all by the real
:class:`pipeline.reply.ReplySpeech`; nothing is asked ahead. ``--voices`` names a folder made by
``benchmarks.random_voices``: Piper is measured too (its true size, random weights: timing only).

Prints one JSON object for each engine, in milliseconds: ``from_first_token`` (with the tokens' own
pace in it), and ``beyond_the_clause``, from the token that completed the first clause.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

from models.config import ModelsConfig
from pipeline.audio import SPEECH_RATE
from pipeline.config import TtsConfig
from pipeline.interfaces import HeardEvent, Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from pipeline.reply import Manner, ReplySpeech, Spoken
from pipeline.tts import HttpTextToSpeech
from pipeline.voice_choice import ChosenVoice
from server.speech.child import SpeechServer
from server.speech.config import EngineName, SpeechConfig

REPLIES = (
    "The weather in Oslo is fine today, but take an umbrella with you. It may rain in the evening.",
    "I have looked it up. The last train to Bergen leaves at eleven, from platform four.",
    "Yes, the build is green again; the flaky test was the one that waits for the clock.",
)
TOKEN = 0.008
"""Seconds between two tokens: a quick agent."""

ROUNDS = 120
NEURAL_ROUNDS = 24


class Sink:
    """A transport that hears everything at once, and notes when the first of it came."""

    def __init__(self) -> None:
        self.ledger = PlaybackLedger()
        self.first = 0.0

    def participants(self) -> Sequence[Participant]:
        return ()

    async def events(self) -> AsyncIterator[HeardEvent]:
        nobody: tuple[HeardEvent, ...] = ()
        for event in nobody:
            yield event

    async def play(self, audio: ReplyAudio) -> None:
        self.first = self.first or time.perf_counter()
        seconds = len(audio.samples) / SPEECH_RATE
        self.ledger.queue(audio.piece, audio.text, seconds)
        self.ledger.play(seconds)

    async def drain(self) -> None:
        """All was heard."""

    def set_volume(self, volume: Volume) -> None:
        """It is not heard anyway."""

    def stop(self) -> None:
        """Nothing waits."""


class Telling:
    """An agent's reply, and when which of its tokens came."""

    def __init__(self, text: str) -> None:
        self._tokens = re.findall(r"\S+\s*", text)
        self.first = 0.0
        self.last = 0.0

    async def tell(self) -> AsyncGenerator[str]:
        for token in self._tokens:
            await asyncio.sleep(TOKEN)
            self.last = time.perf_counter()
            self.first = self.first or self.last
            yield token


async def reply_once(tts: HttpTextToSpeech, text: str) -> tuple[float, float]:
    """Speak a reply; returns both times in milliseconds."""
    sink = Sink()
    telling = Telling(text)
    clause = 0.0

    def note() -> None:
        nonlocal clause
        clause = telling.last

    await ReplySpeech(sink, tts).say(
        telling.tell(),
        manner=Manner(lambda _directive, _language: ChosenVoice("default", 1.0)),
        spoken=Spoken(),
        on_text=note,
        on_audio=lambda: None,
    )
    return (sink.first - telling.first) * 1e3, (sink.first - clause) * 1e3


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, 95th percentile and the largest value."""
    return {
        "p50": round(statistics.median(values), 2),
        "p95": round(statistics.quantiles(values, n=20)[-1], 2),
        "max": round(max(values), 2),
    }


async def measure(engine: EngineName, voices: Path | None, rounds: int) -> dict[str, object]:
    """Measure with one engine."""
    models = ModelsConfig(path=(voices,) if voices else ())
    async with SpeechServer(SpeechConfig(engine=engine), models=models) as server:
        tts = HttpTextToSpeech(TtsConfig(cached_phrases=0), server.url)
        await tts.warm()
        await reply_once(tts, REPLIES[0])
        took = [await reply_once(tts, REPLIES[number % 3]) for number in range(rounds)]
        await tts.aclose()
        return {
            "engine": server.engine,
            "replies": rounds,
            "from_first_token_ms": spread([first for first, _ in took]),
            "beyond_the_clause_ms": spread([clause for _, clause in took]),
        }


async def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voices", type=Path, help="random Piper weights: timing only")
    options = parser.parse_args()
    print(json.dumps(await measure("espeak", None, ROUNDS)), flush=True)
    if options.voices:
        figures = await measure("piper", options.voices, NEURAL_ROUNDS)
        print(json.dumps({**figures, "weights": "random"}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
