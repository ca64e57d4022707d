"""The caller's voice as engines hear it, and both sides as they are recorded."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import HEARING_RATE, AudioFrame
from pipeline.interfaces import Participant
from server.phone.audio.g711 import ULAW_SILENCE
from server.phone.audio.recorder import Recorder
from server.phone.audio.stream_messages import Media
from server.phone.line.media_connection import carry
from server.phone.line.transport import PhoneTransport
from tests.pipeline.fakes import audio_clock
from tests.server.phone.line.far_socket import VOICE, FarSocket, Watched, run
from tests.server.phone.line.test_playback import audio

CALLER = Participant("+15550001111", "Ann")


def media(timestamp: float, ulaw: bytes = VOICE) -> Media:
    return Media(1, "MZ1", "inbound", 1, timestamp, ulaw)


async def ulaw_of(transport: PhoneTransport, *timestamps: float) -> bytes:
    sound = bytearray()

    async def listen() -> None:
        async for piece in transport.caller_ulaw():
            sound.extend(piece)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(listen())
        for timestamp in timestamps:
            await audio_clock().sleep_until(timestamp + 0.02)
            transport.receive(media(timestamp))
        await audio_clock().sleep_until(timestamps[-1] + 1.0)
        transport.close()
    return bytes(sound)


def test_the_caller_is_heard_in_true_time_until_the_call_is_over() -> None:
    async def main() -> None:
        clock = audio_clock()
        transport, far = PhoneTransport(CALLER, clock), FarSocket(clock, [(0.5, 1.0)])
        frames: list[AudioFrame] = []

        async def listen() -> None:
            async for event in transport.events():
                assert isinstance(event, AudioFrame)
                frames.append(event)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listen())
            talking = tasks.create_task(far.talk())
            carrying = tasks.create_task(carry(far, far.started(), transport, Watched()))
            await clock.sleep_until(2.0)
            transport.close()
            talking.cancel()
            carrying.cancel()
        assert {one.speaker for one in frames} == {CALLER.id}
        assert [one.id for one in transport.participants()] == [CALLER.id]
        voiced = [one.at for one in frames if np.abs(one.samples).max() > 1000]
        assert voiced[0] == pytest.approx(0.5, abs=0.03)
        assert voiced[-1] == pytest.approx(0.98, abs=0.03)
        heard = sum(len(one.samples) for one in frames) / HEARING_RATE
        assert heard == pytest.approx(2.0, abs=0.05)

    run(main())


def test_as_mulaw_it_is_what_came() -> None:
    async def main() -> None:
        sound = await ulaw_of(PhoneTransport(CALLER, audio_clock()), 0.0, 0.02, 0.04)
        assert sound == VOICE * 3

    run(main())


def test_as_mulaw_a_long_gap_is_silence_of_its_length() -> None:
    async def main() -> None:
        sound = await ulaw_of(PhoneTransport(CALLER, audio_clock()), 0.0, 1.0)
        assert len(sound) / 8000 == pytest.approx(1.02, abs=0.01)
        assert sound.count(ULAW_SILENCE) / 8000 == pytest.approx(0.98, abs=0.01)

    run(main())


def test_both_sides_are_recorded_as_they_were_heard(tmp_path: Path) -> None:
    async def main() -> None:
        clock = audio_clock()
        recorder = Recorder(tmp_path / "call.wav", clock.now())
        transport = PhoneTransport(CALLER, clock)
        transport.record_with(recorder)
        far = FarSocket(clock, [(1.0, 2.0)])
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(far.talk())
            carrying = tasks.create_task(carry(far, far.started(), transport, Watched()))
            await clock.sleep_until(3.0)
            await transport.play(audio(1, 1.0))
            await transport.drain()
            talking.cancel()
            carrying.cancel()
        transport.close()
        recorder.finish(clock.now())
        assert not (await recorder.wait_written()).error
        with wave.open(str(tmp_path / "call.wav")) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        loud = [np.flatnonzero(np.abs(sound[:, side]) > 2000) / 8000 for side in (0, 1)]
        assert (loud[0][0], loud[0][-1]) == pytest.approx((1.0, 2.0), abs=0.05)
        assert (loud[1][0], loud[1][-1]) == pytest.approx((3.0, 4.0), abs=0.1)

    run(main())
