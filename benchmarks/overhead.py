"""The pipeline's own overhead: from the end-of-turn decision to the first sample of the reply.

Recognition, relevance, the agent and speech are scripted and take no time, so
what is left is ours: tasks, queues, sentence cutting, records. Live clock.

    python -m benchmarks.overhead [--turns 100] [--rooms 1 10]

Target: at most 15 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime

import numpy as np

from pipeline.audio import VAD_WINDOW, AudioFrame, Samples
from pipeline.cast import Cast, Persona
from pipeline.clock import LoopClock
from pipeline.config import PipelineConfig, RelevanceConfig
from pipeline.conversation import Conversation
from pipeline.engines import Engines
from pipeline.interfaces import Participant, Question, ReplyAudio, Segment, Transcript
from pipeline.judgement import NamedAgent
from pipeline.ledger import PlaybackLedger
from pipeline.relevance import Relevance
from pipeline.turn_record import TurnRecord
from pipeline.word_times import WordTimes

SPEECH = 0.4  # seconds of every turn
PERIOD = 0.8  # seconds from one turn to the next
WINDOW = VAD_WINDOW / 16_000
REPLY = "It is ten past four, and the sun is about to set."


class Room:
    """Transport, detector, recogniser, agent and voice in one: all scripted, all at once."""

    def __init__(self, clock: LoopClock, turns: int, offset: float) -> None:
        self.clock = clock
        self.offset = offset
        self.turns = turns
        self.ledger = PlaybackLedger()
        self.decided = 0.0
        self.overheads: list[float] = []
        self._answered = True

    def participants(self) -> Sequence[Participant]:
        return [Participant("ann", "Ann")]

    async def events(self) -> AsyncIterator[AudioFrame]:
        voice = np.full(VAD_WINDOW, 1000, np.int16)
        for turn in range(self.turns):
            for index in range(round(SPEECH / WINDOW)):
                at = self.offset + turn * PERIOD + index * WINDOW
                await self.clock.sleep_until(at + WINDOW)
                yield AudioFrame("ann", voice, at)
        await self.clock.sleep_until(self.offset + self.turns * PERIOD)

    async def play(self, audio: ReplyAudio) -> None:
        if not self._answered:
            self._answered = True
            self.overheads.append(self.clock.now() - self.decided)

    async def drain(self) -> None:
        """Everything was heard at once."""

    def stop(self) -> None:
        """Nothing is queued."""

    # The engines.

    def open(self) -> Room:
        return self

    async def score(self, samples: Samples) -> float:
        if len(samples) > VAD_WINDOW:
            self.decided = self.clock.now()
            self._answered = False
        return 1.0

    def reset(self) -> None:
        """Nothing is remembered."""

    def close(self) -> None:
        """Nothing is open."""

    def start(self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()) -> Room:
        return self

    def commit(self) -> None:
        """Nothing waits."""

    def cancel(self) -> None:
        """Nothing runs."""

    async def transcript(self) -> Transcript:
        return Transcript("what time is it")

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        for word in REPLY.split():
            yield word + " "

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        yield np.zeros(2400, np.int16)

    async def warm(self) -> None:
        """Be always ready."""


async def converse(turns: int, rooms: int) -> list[float]:
    """Hold conversations side by side and return every turn's overhead in seconds."""
    clock = LoopClock()
    scripted = [Room(clock, turns, PERIOD * room / rooms) for room in range(rooms)]
    records: list[TurnRecord] = []
    async with asyncio.TaskGroup() as tasks:
        for room in scripted:
            cast = Cast(
                {"jarvis": Persona("jarvis", "Jarvis", "deep")},
                "jarvis",
                Relevance(RelevanceConfig(), [NamedAgent("jarvis", ("jarvis",))]),
            )
            conversation = Conversation(
                "demo",
                transport=room,
                engines=Engines(room, room, room, room, room),
                cast=cast,
                clock=clock,
                config=PipelineConfig(),
                began=datetime.now(UTC),
                on_turn=records.append,
            )
            tasks.create_task(conversation.run())
    answered = sum(1 for record in records if record.heard or record.reply)
    print(f"  {answered} of {turns * rooms} turns answered")
    return [seconds for room in scripted for seconds in room.overheads]


def main() -> None:
    """Print the figures for every number of rooms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--rooms", type=int, nargs="+", default=[1, 10])
    options = parser.parse_args()
    for rooms in options.rooms:
        print(f"{rooms} room(s) at once, {options.turns} turns each")
        overheads = sorted(1000 * s for s in asyncio.run(converse(options.turns, rooms)))
        p95 = overheads[int(0.95 * (len(overheads) - 1))]
        print(
            f"  decision to first sample: p50 {statistics.median(overheads):.2f} ms"
            f"  p95 {p95:.2f} ms  max {overheads[-1]:.2f} ms"
        )


if __name__ == "__main__":
    main()
