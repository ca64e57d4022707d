"""A conversation over our voice connection: turns end though nobody sends silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.agents.echo import EchoAgent
from pipeline.audio import SPEECH_RATE, Samples
from pipeline.cast import Cast, Persona
from pipeline.config import PipelineConfig
from pipeline.conversation import Conversation
from pipeline.engines import Engines
from pipeline.interfaces import Segment, Transcript
from pipeline.turn_record import TurnRecord
from pipeline.word_times import WordTimes
from tests.discord_bot.calls import CLEAN, LOUNGE, stage
from tests.peers.discord import speech_like, until


class LoudIsSpeech:
    """A voice activity model for test sounds."""

    def open(self) -> LoudIsSpeech:
        return self

    async def score(self, window: Samples) -> float:
        return float(np.abs(window.astype(np.int32)).max(initial=0) > 1000)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class WordsOf:
    """Recognition that knows what each person says."""

    def __init__(self, **words: str) -> None:
        self._words = words
        self._said = ""

    def start(self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()) -> WordsOf:
        found = WordsOf(**self._words)
        found._said = self._words[f"user{segment.speaker}"]
        return found

    def commit(self) -> None:
        pass

    def cancel(self) -> None:
        pass

    async def transcript(self) -> Transcript:
        return Transcript(self._said)


class Tone:
    """Says everything in one second of a tone: nobody's voice could be taken for its echo."""

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        phase = 2 * np.pi * 440 * np.arange(SPEECH_RATE) / SPEECH_RATE
        yield (8000 * np.sin(phase)).astype(np.int16)

    async def warm(self) -> None:
        pass


@pytest.mark.slow
def test_turn_ends_by_the_clock_and_its_reply_is_heard() -> None:
    async def main() -> None:
        records: list[TurnRecord] = []
        async with stage() as scene, scene.call(listens=False) as call:
            conversation = Conversation(
                "guild:5",
                transport=call.line.transport,
                engines=Engines(
                    LoudIsSpeech(),
                    None,
                    WordsOf(user2001="what time is it", user2002="and the date"),
                    EchoAgent({"jarvis": "Jarvis"}),
                    Tone(),
                ),
                cast=Cast({"jarvis": Persona("jarvis", "Jarvis", "deep")}, "jarvis", None),
                clock=call.clock,
                config=PipelineConfig(),
                began=datetime.now(UTC),
                on_turn=records.append,
            )
            running = asyncio.create_task(conversation.run())
            for user in (scene.ann, scene.ben):
                if user.room is None:
                    await user.join(LOUNGE)
                    await call.is_secured_with(scene.ann, scene.ben)
                user.ears.clear()
                await user.say(speech_like(1.0), impair=CLEAN, end_silence=False)
                await user.ears.until_quiet()
            await until(lambda: len(records) == 2)
            call.line.close()
            await running
        assert [(one.speaker, one.text) for one in records] == [
            ("Ann", "what time is it"),
            ("ben", "and the date"),
        ]
        assert {one.ended_by for one in records} == {"silence"}
        assert [one.heard for one in records] == [one.reply for one in records]
        for record in records:
            assert 0.9 < record.end - record.start < 1.2

    asyncio.run(main())
