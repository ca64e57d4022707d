"""Files as people who talk; what they hear is kept at its conversation time."""

from __future__ import annotations

import asyncio
import logging
import wave
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, AudioFrame
from pipeline.clock import AudioTimeLoop
from pipeline.errors import AudioError
from pipeline.interfaces import Participant, ReplyAudio, Volume
from pipeline.wav import LOOKAHEAD, Track, WavTransport
from pipeline.word_times import WordTimes
from tests.pipeline.fakes import audio_clock

ANN, BEN = Participant("ann", "Ann"), Participant("ben", "Ben")


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(main())


def write(path: Path, value: int, count: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.full(count, value, "<i2").tobytes())
    return path


def read(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def reply(piece: int, value: int, seconds: float) -> ReplyAudio:
    samples = np.full(round(seconds * SPEECH_RATE), value, np.int16)
    return ReplyAudio(piece, "four words are here", samples)


async def listen(transport: WavTransport) -> list[tuple[float, AudioFrame]]:
    """Hear everything until the files have ended; with the time at which it was heard."""
    heard: list[tuple[float, AudioFrame]] = []

    async def collect() -> None:
        async for event in transport.events():
            assert isinstance(event, AudioFrame)
            heard.append((audio_clock().now(), event))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(collect())
        await transport.wait_ended()
        transport.close()
    return heard


def test_everyone_is_heard_in_order_each_frame_when_its_last_sample_sounded(tmp_path):
    async def main() -> None:
        tracks = [
            Track(ANN, write(tmp_path / "a.wav", 1, 1024)),
            Track(BEN, write(tmp_path / "b.wav", 2, 512), at=0.01),
        ]
        heard = await listen(WavTransport(tracks, audio_clock()))
        assert [(frame.speaker, frame.at) for _, frame in heard] == [
            ("ann", 0.0),
            ("ben", 0.01),
            ("ann", 0.032),
        ]
        assert all(time == frame.end for time, frame in heard)

    run(main)


def test_the_last_frame_is_filled_up_with_silence(tmp_path):
    async def main() -> None:
        track = Track(ANN, write(tmp_path / "a.wav", 7, 600), at=2.0)
        (_, first), (_, last) = await listen(WavTransport([track], audio_clock()))
        assert (first.at, last.at) == (2.0, 2.032)
        assert set(first.samples) == {7}
        assert last.samples.tolist() == [7] * 88 + [0] * 424

    run(main)


def test_someone_may_have_several_files(tmp_path):
    async def main() -> None:
        tracks = [
            Track(ANN, write(tmp_path / "a.wav", 1, 512), at=5.0),
            Track(BEN, write(tmp_path / "b.wav", 2, 512), at=3.0),
            Track(ANN, write(tmp_path / "c.wav", 3, 512), at=1.0),
        ]
        transport = WavTransport(tracks, audio_clock(), present=[BEN, Participant("cyd", "Cyd")])
        heard = await listen(transport)
        assert [(frame.samples[0], frame.at) for _, frame in heard] == [
            (3, 1.0),
            (2, 3.0),
            (1, 5.0),
        ]
        assert [person.id for person in transport.participants()] == ["ben", "cyd", "ann"]

    run(main)


def test_a_damaged_file_is_heard_up_to_the_damage(tmp_path, caplog):
    clips = Path(__file__).parents[2] / "models" / "fixture" / "clips"
    whole = (clips / "ann-weather.flac").read_bytes()
    damaged = tmp_path / "a.flac"
    damaged.write_bytes(whole[: len(whole) // 2] + b"\x00" * 20_000)

    async def main() -> None:
        heard = await listen(WavTransport([Track(ANN, damaged)], audio_clock()))
        assert 0.3 < heard[-1][1].end < 3.0

    with caplog.at_level(logging.CRITICAL, "libav"):
        run(main)


def test_a_file_that_cannot_be_read_at_all_is_an_error(tmp_path):
    async def main() -> None:
        transport = WavTransport([Track(ANN, tmp_path / "none.wav")], audio_clock())
        with pytest.raises(AudioError, match="no such file"):
            await anext(aiter(transport.events()))

    run(main)


def test_playing_waits_only_when_enough_is_queued(tmp_path):
    async def main() -> None:
        clock = audio_clock()
        transport = WavTransport([], clock)
        await transport.play(reply(1, 5, LOOKAHEAD))
        assert clock.now() == 0.0
        await transport.play(reply(1, 5, 1.0))
        assert clock.now() == 1.0
        await transport.drain()
        assert clock.now() == 1.5

    run(main)


def test_the_ledger_tells_what_was_heard_up_to_now():
    async def main() -> None:
        clock = audio_clock()
        transport = WavTransport([], clock)
        await transport.play(reply(1, 5, 0.2))
        await transport.play(reply(2, 5, 0.2))
        await clock.sleep_until(0.3)
        assert transport.ledger.seconds_played(1) == pytest.approx(0.2)
        assert transport.ledger.seconds_played(2) == pytest.approx(0.1)
        times = WordTimes()
        times.end(0.2)
        assert transport.ledger.heard(2, times) == "four words"

    run(main)


def test_stopping_drops_what_was_not_heard_to_the_sample(tmp_path):
    out = tmp_path / "out.wav"

    async def main() -> None:
        clock = audio_clock()
        transport = WavTransport([], clock, out=out)
        await transport.play(reply(1, 5, 0.4))
        await clock.sleep_until(0.25)
        transport.stop()
        transport.stop()
        assert transport.ledger.seconds_waiting == 0.0
        assert transport.ledger.seconds_played(1) == pytest.approx(0.25)
        await transport.drain()
        assert clock.now() == 0.25
        await transport.play(reply(2, 9, 0.1))
        await transport.drain()
        transport.finish()

    run(main)
    heard = read(out)
    assert len(heard) == 8_400
    assert np.all(heard[:6_000] == 5)
    assert np.all(heard[6_000:6_120] >= 9)  # the first dies away over the second
    assert np.all(heard[6_120:] == 9)


def test_what_is_cut_or_held_fades(tmp_path):
    out = tmp_path / "out.wav"

    async def main() -> None:
        clock = audio_clock()
        transport = WavTransport([], clock, out=out)
        await transport.play(reply(1, 10_000, 0.4))
        await clock.sleep_until(0.1)
        transport.set_volume(Volume.HELD)
        await clock.sleep_until(0.2)
        transport.set_volume(Volume.DUCKED)
        await clock.sleep_until(0.3)
        transport.set_volume(Volume.FULL)
        await clock.sleep_until(0.4)
        transport.stop()
        transport.finish()

    run(main)
    heard = read(out).astype(int)
    assert len(heard) == 9_600 + 120
    assert np.abs(np.diff(heard)).max() < 150
    assert not heard[2_520:4_800].any()


def test_the_file_has_every_reply_at_its_conversation_time(tmp_path):
    out = tmp_path / "out.wav"

    async def main() -> None:
        clock = audio_clock()
        transport = WavTransport([], clock, out=out)
        for at, value in ((1.0, 5), (3.5, 9)):
            await clock.sleep_until(at)
            await transport.play(reply(value, value, 0.25))
            await transport.play(reply(value, value, 0.25))
            await transport.drain()
        await clock.sleep_until(10.0)
        transport.finish()

    run(main)
    samples = read(out)
    assert len(samples) == 4 * SPEECH_RATE
    assert set(samples[24_000:36_000]) == {5}
    assert set(samples[84_000:]) == {9}
    assert not samples[:24_000].any()
    assert not samples[36_000:84_000].any()


def test_a_file_in_which_nothing_was_said_is_a_wav_file_all_the_same(tmp_path):
    out = tmp_path / "out.wav"

    async def main() -> None:
        WavTransport([], audio_clock(), out=out).finish()

    run(main)
    assert not len(read(out))
