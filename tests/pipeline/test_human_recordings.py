"""Recordings of people through the real ears: turns where the labels say, no speech cut off.

The words are scripted, since the recordings carry the timing and no weights that
know their words are at hand; hearing, turn taking and Smart Turn are real.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.audio import Samples
from pipeline.cast import Cast
from pipeline.clock import AudioClock, AudioTimeLoop
from pipeline.config import PipelineConfig
from pipeline.conversation import Conversation
from pipeline.end_of_turn import SmartTurn
from pipeline.engines import Engines, hold
from pipeline.interfaces import Participant, Question, Recognition, Segment
from pipeline.scripted import ScriptedSpeechToText, ScriptedTurn
from pipeline.turn_record import TurnRecord
from pipeline.vad import SileroVad
from pipeline.wav import Track, WavTransport
from pipeline.word_times import WordTimes
from tests.conftest import SharedAudio

ANN = Participant("ann", "Ann")
WORDS = "one two three four five six seven eight nine ten"


@dataclass
class Listener:
    """Recognition that knows the words, and keeps what it was given to hear."""

    stt: ScriptedSpeechToText
    segments: list[Segment] = field(default_factory=list)

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        self.segments.append(segment)
        return self.stt.start(samples, segment, hotwords=hotwords)


@dataclass
class Silent:
    """An agent that thinks for half a second and says nothing, and a voice that is never asked."""

    clock: AudioClock
    asks_ahead: bool = False

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        await self.clock.sleep_until(self.clock.now() + 0.5)
        for piece in ():
            yield piece

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        raise AssertionError(text)
        yield

    async def warm(self) -> None:
        pass


@dataclass
class Ears:
    vad: SileroVad
    end_of_turn: SmartTurn

    def hear(
        self, file: Path, speech: Sequence[Sequence[float]]
    ) -> tuple[list[TurnRecord], Segment]:
        """Hear one recording; returns the turns, and what recognition got for the last."""
        records: list[TurnRecord] = []
        turn = ScriptedTurn("ann", speech[0][0], speech[-1][1], WORDS)
        listener = Listener(ScriptedSpeechToText([turn]))

        async def main() -> None:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, AudioTimeLoop)
            transport = WavTransport([Track(ANN, file)], loop.clock)
            silent = Silent(loop.clock)
            engines = hold(
                Engines(self.vad, self.end_of_turn, listener, silent, silent), loop.clock
            )
            conversation = Conversation(
                "demo",
                transport=transport,
                engines=replace(engines, agent=silent),
                cast=Cast({}, "jarvis", None),
                clock=loop.clock,
                config=PipelineConfig(),
                began=datetime.now(UTC),
                on_turn=records.append,
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(conversation.run())
                await transport.wait_ended()
                await loop.clock.sleep_until(loop.clock.now() + 0.5)
                await conversation.wait_idle()
                transport.close()

        with asyncio.Runner(loop_factory=AudioTimeLoop) as runner:
            runner.run(main())
        return records, listener.segments[-1] if listener.segments else Segment("", 0, 0, 0)


@pytest.fixture(scope="module")
def ears(silero_path: Path, smart_turn_path: Path) -> Iterator[Ears]:
    vad, end_of_turn = SileroVad(silero_path, gather=0.0), SmartTurn(smart_turn_path)
    with closing(vad), closing(end_of_turn):
        yield Ears(vad, end_of_turn)


@pytest.mark.slow
def test_spoken_commands_are_one_turn_each_at_its_time(ears: Ears, shared_audio: SharedAudio):
    commands = [facts for facts in shared_audio.manifest if facts["kind"] == "command"]
    misplaced, cut = [], []
    for facts in commands:
        records, segment = ears.hear(shared_audio.folder / facts["path"], facts["speech"])
        start, end = facts["speech"][0][0], facts["speech"][-1][1]
        if [record.text for record in records] != [WORDS]:
            misplaced.append((facts["path"], [(r.start, r.end, r.text) for r in records]))
        elif abs(records[0].start - start) > 0.15 or abs(records[0].end - end) > 0.15:
            misplaced.append((facts["path"], start, end, records[0].start, records[0].end))
        if segment.start > start or segment.end < end - 0.03:
            cut.append((facts["path"], start, end, segment))
    assert len(commands) >= 50
    assert cut == []
    assert len(misplaced) <= len(commands) // 50, misplaced


def test_noise_and_music_are_no_turn(ears: Ears, shared_audio: SharedAudio):
    for facts in shared_audio.manifest:
        if facts["kind"] in {"noise", "music"}:
            records, _ = ears.hear(shared_audio.folder / facts["path"], [[0.0, facts["seconds"]]])
            assert records == [], facts["path"]
