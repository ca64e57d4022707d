"""Each voice is listened to by itself, in order, until its speaker leaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.audio import AudioFrame, Samples
from pipeline.clock import AudioTimeLoop
from pipeline.config import PipelineConfig, VadConfig
from pipeline.ears import FRAMES_WAITING, Ears
from pipeline.errors import VoiceActivityError
from pipeline.interfaces import Participant, ParticipantLeft, VoiceStopped
from pipeline.speech_gate import Voiced
from tests.pipeline.fakes import (
    WINDOW,
    FakeTransport,
    FakeVoice,
    FakeVoiceActivity,
    audio_clock,
)


class Room:
    """Ears, and what they told."""

    def __init__(self, tasks: asyncio.TaskGroup, *, takes: float = 0.0) -> None:
        self.vad = FakeVoiceActivity(takes)
        transport = FakeTransport([], closes_at=0.0, people=("ann",))
        # One window is speech: what is heard is told at once.
        config = PipelineConfig(vad=VadConfig(start=WINDOW))
        self.ears = Ears("demo", self, transport, self.vad, config, tasks, self.is_echo)
        self.echo_until = 0.0
        self.told: list[tuple[str, float] | str] = []

    def hear_speech(self, speaker: str, speech: Sequence[Voiced]) -> None:
        self.told += [(speaker, round(window.end, 3)) for window in speech]

    def hear_leave(self, speaker: str) -> None:
        self.told.append(f"{speaker} left")

    def hear_stop(self, speaker: str, at: float) -> None:
        self.told.append(f"{speaker} stopped at {at}")

    def is_echo(self, speaker: str, samples: Samples, at: float) -> bool:
        assert speaker in {"ann", "ben"}
        assert len(samples) == len(np.trim_zeros(samples)) == 512
        return at < self.echo_until

    def talk(self, speaker: str, start: float, windows: int) -> None:
        for index in range(windows):
            samples = np.full(512, 1000, np.int16)
            self.ears.receive(AudioFrame(speaker, samples, start + index * WINDOW))

    def leave(self, speaker: str) -> None:
        self.ears.receive(ParticipantLeft(speaker, audio_clock().now()))


def run(main: Callable[[asyncio.TaskGroup], Coroutine[Any, Any, Room]]) -> None:
    """Run the test; everyone has left at its end."""

    async def whole() -> None:
        async with asyncio.TaskGroup() as tasks:
            room = await main(tasks)
            await room.ears.finish(audio_clock().now())
        assert not any(voice.open for voice in room.vad.voices)

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(whole())


async def settle() -> None:
    """Let time pass until everything was heard."""
    await audio_clock().sleep_until(audio_clock().now() + 100.0)


def test_speech_is_told_window_by_window():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks)
        room.talk("ann", 1.0, 2)
        room.talk("ben", 5.0, 1)
        await settle()
        assert room.told == [("ann", 1.032), ("ann", 1.064), ("ben", 5.032)]
        assert room.ears.participant("ann") == Participant("ann", "Ann")
        assert room.ears.participant("ben") == Participant("ben", "ben")  # unknown there
        assert room.ears.recall("ann", 1.0, 1.1).tolist() == [1000] * 1024 + [0] * 576
        return room

    run(main)


def test_the_bots_own_voice_is_silence():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks)
        room.echo_until = 1.09
        room.talk("ann", 1.0, 5)
        await settle()
        assert room.told == [("ann", 1.128), ("ann", 1.16)]
        return room

    run(main)


def test_that_a_client_stopped_is_told_after_what_it_had_sent():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks, takes=0.1)
        room.ears.receive(VoiceStopped("ann", 0.9))  # nobody has heard of her yet
        room.talk("ann", 1.0, 2)
        room.ears.receive(VoiceStopped("ann", 1.07))
        await settle()
        assert room.told == [("ann", 1.032), ("ann", 1.064), "ann stopped at 1.07"]
        return room

    run(main)


def test_leaving_is_told_after_the_last_words():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks, takes=0.05)
        room.talk("ann", 0.0, 2)
        room.leave("ann")
        assert room.told == []
        await settle()
        assert room.told == [("ann", 0.032), ("ann", 0.064), "ann left"]
        return room

    run(main)


def test_who_comes_back_is_heard_anew():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks, takes=0.05)
        room.talk("ann", 0.0, 1)
        room.leave("ann")
        room.talk("ann", 3.0, 1)  # while the first words are still with the VAD
        await settle()
        assert room.told == [("ann", 0.032), "ann left", ("ann", 3.032)]
        assert [voice.open for voice in room.vad.voices] == [False, True]
        assert not room.ears.recall("ann", 0.0, 0.032).any()
        return room

    run(main)


def test_who_never_made_a_sound_leaves_without_a_trace():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks)
        room.leave("ann")
        await settle()
        assert (room.told, room.vad.voices) == ([], [])
        return room

    run(main)


def test_finishing_hears_everyone_to_the_end():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks, takes=0.05)
        room.talk("ann", 0.0, 2)
        room.talk("ben", 0.0, 1)
        await room.ears.finish(1.0)
        assert room.told == [
            ("ann", 0.032),
            ("ben", 0.032),
            "ben left",
            ("ann", 0.064),
            "ann left",
        ]
        return room

    run(main)


def test_time_counts_as_heard_only_once_it_was_listened_to():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks, takes=1.0)
        assert room.ears.heard_until(7.0) == 7.0
        room.talk("ann", 3.0, 2)
        await audio_clock().sleep_until(0.5)
        assert room.ears.heard_until(3.05) == 3.05  # the usual way of a frame
        assert room.ears.heard_until(7.0) == 3.0
        await audio_clock().sleep_until(1.5)
        assert room.ears.heard_until(7.0) == pytest.approx(3.032)
        await settle()
        assert room.ears.heard_until(7.0) == 7.0
        return room

    run(main)


def test_sound_that_is_late_is_no_silence_where_it_is_sent_all_the_time():
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks)
        sound = np.ones(512, np.int16)
        room.ears.receive(AudioFrame("ann", sound, 2.968, continuous=True))
        await settle()
        assert room.ears.heard_until(3.09) == 3.09  # the usual way
        assert room.ears.heard_until(3.11) == room.ears.heard_until(4.0) == pytest.approx(3.0)
        assert room.ears.heard_until(4.01) == 4.01  # nobody knows whether more comes
        room.ears.receive(AudioFrame("ann", sound, 4.0))
        await settle()
        assert room.ears.heard_until(4.9) == 4.9
        return room

    run(main)


def test_a_machine_that_cannot_follow_drops_the_oldest_sound(caplog):
    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks)
        room.talk("ann", 0.0, FRAMES_WAITING + 3)
        await settle()
        assert len(room.told) == FRAMES_WAITING
        assert room.told[0] == ("ann", round(4 * WINDOW, 3))
        return room

    run(main)
    assert "hearing falls behind" in caplog.text


def test_voice_activity_that_fails_is_logged_and_the_next_window_is_heard(caplog):
    class Failing(FakeVoice):
        async def score(self, window: Samples) -> float:
            self.score = super().score
            raise VoiceActivityError("out of memory")

    async def main(tasks: asyncio.TaskGroup) -> Room:
        room = Room(tasks)
        room.vad.open = lambda: Failing(0.0)
        room.talk("ann", 0.0, 2)
        await settle()
        assert room.told == [("ann", 0.064)]
        return room

    with caplog.at_level(logging.ERROR):
        run(main)
    assert "vad: out of memory" in caplog.text
