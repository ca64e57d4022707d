"""What was really played is told, with its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.clock import AudioTimeLoop
from pipeline.interfaces import DUCK, Participant, ReplyAudio, Volume
from pipeline.played import TappedTransport
from tests.pipeline.fakes import FakeTransport, audio_clock


class Tap:
    """A transport that is listened to."""

    def __init__(self) -> None:
        self.told: list[tuple[Samples, float]] = []
        self.transport = FakeTransport([], closes_at=100.0, people=("ann",))
        clock = audio_clock()
        self.tap = TappedTransport(self.transport, clock, lambda *played: self.told.append(played))

    async def at(self, time: float) -> None:
        await audio_clock().sleep_until(time)
        self.tap.tell_played()

    @property
    def spans(self) -> list[tuple[float, float]]:
        """When something was played, from and to."""
        return [
            (round(at, 3), round(at + len(samples) / SPEECH_RATE, 3)) for samples, at in self.told
        ]

    @property
    def samples(self) -> list[int]:
        return [int(one) for samples, _ in self.told for one in samples[:: SPEECH_RATE // 10]]


def ramp(first: int, seconds: float) -> ReplyAudio:
    """Return sound whose every tenth of a second has its own number."""
    numbers = np.arange(first, first + round(seconds * 10), dtype=np.int16)
    return ReplyAudio(first + 1, "some words", np.repeat(numbers, SPEECH_RATE // 10))


def run(test: Callable[[Tap], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        await test(Tap())

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(main())


def test_samples_are_told_as_they_are_played():
    async def test(tap: Tap) -> None:
        await tap.at(1.0)
        assert tap.told == []
        await tap.tap.play(ramp(0, 0.5))
        await tap.at(1.1)
        await tap.at(1.3)
        await tap.at(2.0)
        assert tap.spans[:2] == [(1.0, 1.1), (1.1, 1.3)]
        assert tap.samples == [0, 1, 2, 3, 4]

    run(test)


def test_what_was_dropped_is_not_told():
    async def test(tap: Tap) -> None:
        await tap.tap.play(ramp(0, 0.5))
        await audio_clock().sleep_until(0.2)
        tap.tap.stop()
        await tap.at(1.0)
        await tap.tap.play(ramp(20, 0.3))
        await tap.at(1.2)
        assert tap.spans == [(0.0, 0.2), (1.0, 1.2)]
        assert tap.samples == [0, 1, 20, 21]

    run(test)


def test_what_is_held_is_told_when_it_is_played():
    async def test(tap: Tap) -> None:
        await tap.tap.play(ramp(0, 0.5))
        await audio_clock().sleep_until(0.2)
        tap.tap.set_volume(Volume.HELD)
        await tap.at(0.6)
        tap.tap.set_volume(Volume.FULL)
        await tap.at(0.7)
        assert tap.spans == [(0.0, 0.2), (0.6, 0.7)]
        assert tap.transport.volumes == [(0.2, Volume.HELD), (0.6, Volume.FULL)]

    run(test)


def test_everything_else_is_the_transports():
    async def test(tap: Tap) -> None:
        assert tap.tap.participants() == [Participant("ann", "Ann")]
        assert tap.tap.ledger is tap.transport.ledger
        await tap.tap.play(ramp(0, 0.3))
        await tap.tap.drain()
        assert audio_clock().now() == pytest.approx(0.3)
        assert tap.tap.ledger.played == pytest.approx(0.3)

    run(test)


def test_what_is_played_quietly_is_told_quietly():
    async def test(tap: Tap) -> None:
        await tap.at(1.0)
        await tap.tap.play(ramp(1000, 0.4))
        await tap.at(1.1)
        tap.tap.set_volume(Volume.DUCKED)
        await tap.at(1.2)
        tap.tap.set_volume(Volume.FULL)
        await tap.at(1.3)
        tap.tap.set_volume(Volume.DUCKED)
        tap.tap.stop()
        await tap.tap.play(ramp(2000, 0.1))
        await tap.at(1.5)
        assert tap.samples == [1000, int(1001 * DUCK), 1002, 2000]

    run(test)
