"""Engines that are held stop conversation time while they work, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from pipeline.audio import Samples
from pipeline.clock import AudioTimeLoop
from pipeline.engines import Engines, hold
from pipeline.errors import AgentError
from pipeline.interfaces import Participant, Question, Segment, Transcript
from pipeline.word_times import WordTimes
from tests.pipeline.fakes import audio_clock

QUESTION = Question("hello", Participant("ann", "Ann"), "jarvis", "demo")
WINDOW = np.zeros(512, np.int16)


async def work() -> None:
    """Take real time, in which conversation time could run far."""
    await asyncio.sleep(0.002)


class Slow:
    """Every engine in one."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def open(self) -> Slow:
        return self

    async def score(self, samples: Samples) -> float:
        await work()
        return 0.5

    def reset(self) -> None:
        self.calls.append("reset")

    def close(self) -> None:
        self.calls.append("close")

    def start(self, samples: Samples, segment: Segment, *, hotwords: Any = ()) -> Slow:
        self.calls.append(f"start {segment.speaker} {list(hotwords)}")
        return self

    def commit(self) -> None:
        self.calls.append("commit")

    def cancel(self) -> None:
        self.calls.append("cancel")

    async def transcript(self) -> Transcript:
        await work()
        return Transcript("hello")

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        try:
            for piece in ("one", "two"):
                await work()
                yield piece
            raise AgentError("gone")
        finally:
            self.calls.append("asked")

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        await work()
        yield np.ones(len(text), np.int16)

    async def warm(self) -> None:
        pass


def run(main: Callable[[Engines, Slow], Coroutine[Any, Any, None]]) -> None:
    async def with_engines() -> None:
        slow = Slow()
        await main(hold(Engines(slow, slow, slow, slow, slow), audio_clock()), slow)

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(with_engines())


async def passed(waiting: Awaitable[object]) -> float:
    """Return the conversation time that passes meanwhile, with a timer waiting to fire."""
    clock = audio_clock()
    before = clock.now()
    timer = clock.call_at(before + 100.0, lambda: None)
    await waiting
    timer.cancel()
    return clock.now() - before


def test_without_holding_time_runs_away():
    async def main(_: Engines, slow: Slow) -> None:
        assert await passed(slow.score(WINDOW)) == 100.0

    run(main)


def test_models_are_held():
    async def main(engines: Engines, slow: Slow) -> None:
        voice = engines.vad.open()
        assert engines.end_of_turn is not None
        assert await passed(voice.score(WINDOW)) == 0.0
        assert await passed(engines.end_of_turn.score(WINDOW)) == 0.0
        recognition = engines.stt.start(WINDOW, Segment("ann", 0, 1, 1), hotwords=["Jarvis"])
        recognition.commit()
        assert await passed(recognition.transcript()) == 0.0
        recognition.cancel()
        voice.reset()
        voice.close()
        assert slow.calls == ["start ann ['Jarvis']", "commit", "cancel", "reset", "close"]

    run(main)


def test_streams_are_held_only_while_their_next_piece_is_awaited():
    async def main(engines: Engines, _: Slow) -> None:
        async with aclosing(engines.agent.ask(QUESTION)) as pieces:
            assert await passed(anext(pieces)) == 0.0
            # In between the reply plays, and time goes on.
            assert await passed(audio_clock().sleep_until(50.0)) == 50.0
            assert await passed(anext(pieces)) == 0.0
            with pytest.raises(AgentError, match="gone"):
                await anext(pieces)
        sound = [chunk async for chunk in engines.tts.synthesize("hello", voice="deep")]
        assert [len(chunk) for chunk in sound] == [5]
        assert await passed(audio_clock().sleep_until(60.0)) == 10.0

    run(main)


def test_closing_a_held_stream_closes_the_one_it_holds():
    async def main(engines: Engines, slow: Slow) -> None:
        async with aclosing(engines.agent.ask(QUESTION)) as pieces:
            assert await anext(pieces) == "one"
        assert slow.calls == ["asked"]

    run(main)


def test_cancelling_lets_time_go_on():
    async def main(engines: Engines, slow: Slow) -> None:
        async def ask() -> None:
            async with aclosing(engines.agent.ask(QUESTION)) as pieces:
                await anext(pieces)

        task = asyncio.create_task(ask())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert slow.calls == ["asked"]
        await audio_clock().sleep_until(10.0)
        assert audio_clock().now() == 10.0

    run(main)


def test_no_end_of_turn_model_stays_none():
    async def main(_: Engines, slow: Slow) -> None:
        assert hold(Engines(slow, None, slow, slow, slow), audio_clock()).end_of_turn is None

    run(main)
