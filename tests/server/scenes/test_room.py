from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, AudioFrame
from pipeline.clock import AudioClock, AudioTimeLoop
from pipeline.interfaces import Participant, ReplyAudio, Volume
from pipeline.wav import Track, WavTransport
from server.scenes.format import Echo
from server.scenes.observed import Playback
from server.scenes.room import SceneClock, SceneTransport

ANN = Participant("ann", "ann")


def run(scenario: Callable[[AudioClock], Awaitable[None]]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, AudioTimeLoop)
        async with asyncio.timeout(60):
            await scenario(loop.clock)

    with asyncio.Runner(loop_factory=AudioTimeLoop) as runner:
        runner.run(main())


def file_of(path: Path, value: int, seconds: float) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.full(round(seconds * 16_000), value, "<i2").tobytes())
    return path


def reply(seconds: float, piece: int = 1) -> ReplyAudio:
    return ReplyAudio(piece, "words", np.full(round(seconds * SPEECH_RATE), 1000, np.int16))


def test_a_scenes_clock_starts_at_zero_and_reaches_what_it_sleeps_to():
    async def scenario(clock: AudioClock) -> None:
        await clock.sleep_until(1000.3)
        scene = SceneClock(clock)
        assert scene.now() == 0.0
        for at in np.arange(0.0, 3.0, 0.1):
            await scene.sleep_until(float(at))
            assert scene.now() >= at
        assert clock.now() == pytest.approx(1003.2)

    run(scenario)


def test_who_interrupts_is_heard_instead_of_their_file(tmp_path: Path):
    file = file_of(tmp_path / "ann.wav", 100, seconds=2.048)

    async def scenario(clock: AudioClock) -> None:
        wav = WavTransport([Track(ANN, file)], clock)
        room = SceneTransport(wav, clock)
        frames: list[AudioFrame] = []

        async def hear() -> None:
            frames.extend([frame async for frame in room.events()])

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hear())
            tasks.create_task(room.listen())
            tasks.create_task(room.speak("ann", np.full(8192, 7, np.int16), 1.0))
            await wav.wait_ended()
            wav.close()
        clip = [frame for frame in frames if frame.samples[0] == 7]
        own = [frame for frame in frames if frame.samples[0] != 7]
        assert (clip[0].at, clip[-1].end) == (1.0, pytest.approx(1.512))
        assert all(frame.end <= 1.0 or frame.end > 1.512 for frame in own)
        assert [frame.end for frame in frames] == sorted(frame.end for frame in frames)
        assert (len(own), len(clip)) == (48, 16)

    run(scenario)


def test_a_reply_is_timed_to_its_end():
    async def scenario(clock: AudioClock) -> None:
        room = SceneTransport(WavTransport([], clock), clock)
        assert not room.has_begun(0)
        await clock.sleep_until(2.0)
        await room.play(reply(1.0))
        await room.play(reply(0.5, piece=2))
        await room.drain()
        assert room.has_begun(0)
        assert await room.wait_begun(0) == 2.0
        assert room.take_reply() == (Playback(2.0, pytest.approx(3.5)), ())
        assert room.take_reply() == (None, ())
        assert not room.has_begun(1)

    run(scenario)


def test_a_stopped_reply_ends_where_it_was_stopped():
    async def scenario(clock: AudioClock) -> None:
        room = SceneTransport(WavTransport([], clock), clock)
        await room.play(reply(0.4))
        await clock.sleep_until(0.25)
        room.stop()
        assert room.take_reply() == (Playback(0.0, 0.25, stopped=0.25), ())
        await room.play(reply(0.4))
        assert room.has_begun(1)

    run(scenario)


def test_a_reply_that_was_over_is_not_shortened_by_a_late_stop():
    async def scenario(clock: AudioClock) -> None:
        room = SceneTransport(WavTransport([], clock), clock)
        await room.play(reply(0.4))
        await clock.sleep_until(5.0)
        room.stop()
        assert room.take_reply() == (Playback(0.0, pytest.approx(0.4)), ())

    run(scenario)


def test_a_held_reply_that_is_stopped_was_last_heard_when_it_was_held():
    async def scenario(clock: AudioClock) -> None:
        room = SceneTransport(WavTransport([], clock), clock)
        await room.play(reply(0.45))
        await clock.sleep_until(0.1)
        room.set_volume(Volume.DUCKED)
        await clock.sleep_until(0.2)
        room.set_volume(Volume.HELD)
        await clock.sleep_until(0.9)
        room.stop()
        played, _ = room.take_reply()
        assert played is not None
        assert (played.start, played.end) == (0.0, pytest.approx(0.2))
        assert (played.stopped, played.over) == (0.9, 0.9)
        assert played.volumes == ((0.1, Volume.DUCKED), (0.2, Volume.HELD))

    run(scenario)


def test_a_held_reply_that_goes_on_ends_later_and_did_not_stop():
    async def scenario(clock: AudioClock) -> None:
        room = SceneTransport(WavTransport([], clock), clock)
        await room.play(reply(0.45))
        await clock.sleep_until(0.1)
        room.set_volume(Volume.HELD)
        await clock.sleep_until(0.6)
        room.set_volume(Volume.FULL)
        await room.drain()
        played, _ = room.take_reply()
        assert played is not None
        assert (played.end, played.stopped) == (pytest.approx(0.95), None)

    run(scenario)


def test_an_open_microphone_sends_voice_and_replies_without_a_gap(tmp_path: Path):
    file = file_of(tmp_path / "ann.wav", 100, seconds=0.32)

    async def scenario(clock: AudioClock) -> None:
        wav = WavTransport([Track(ANN, file, at=0.5)], clock)
        room = SceneTransport(wav, clock, echo=[Echo("ann", delay_ms=200.0, gain_db=-20.0)])
        frames: list[AudioFrame] = []

        async def hear() -> None:
            frames.extend([frame async for frame in room.events()])

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hear())
            tasks.create_task(room.listen())
            await clock.sleep_until(0.4)
            await room.play(reply(0.3))
            await clock.sleep_until(1.5)
            wav.close()
        sound = np.concatenate([frame.samples for frame in frames])
        starts = np.cumsum([0, *(len(frame.samples) for frame in frames)])
        assert [round(frame.at * 16_000) for frame in frames] == list(starts[:-1])
        at = {seconds: int(sound[round(seconds * 16_000)]) for seconds in (0.3, 0.55, 0.7, 0.85, 1)}
        # The voice from 0.5 to 0.82 s, the reply, a tenth as loud, from 0.6 to 0.9 s.
        assert at == {0.3: 0, 0.55: 100, 0.7: 200, 0.85: 100, 1: 0}

    run(scenario)
