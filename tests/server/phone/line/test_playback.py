"""What the caller hears of a transport, on a line in the time of the audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE
from pipeline.errors import AudioError
from pipeline.interfaces import Participant, ReplyAudio, Volume
from server.phone.line.media_connection import carry
from server.phone.line.transport import PhoneTransport
from tests.pipeline.fakes import audio_clock
from tests.server.phone.line.far_socket import FarSocket, Watched, run

CALLER = Participant("+15550001111", "Ann")


def audio(piece: int, seconds: float, text: str = "one two three") -> ReplyAudio:
    return ReplyAudio(piece, text, np.full(round(seconds * SPEECH_RATE), 4000, np.int16))


@asynccontextmanager
async def line() -> AsyncIterator[tuple[PhoneTransport, FarSocket]]:
    clock = audio_clock()
    transport, far = PhoneTransport(CALLER, clock), FarSocket(clock)
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(far.talk())
        carrying = tasks.create_task(carry(far, far.started(), transport, Watched()))
        yield transport, far
        talking.cancel()
        carrying.cancel()
    transport.close()


def test_a_reply_is_heard_whole_and_drained() -> None:
    async def main() -> None:
        async with line() as (transport, far):
            began = audio_clock().now()
            await transport.play(audio(1, 2.0))
            assert audio_clock().now() - began == pytest.approx(2.0 - 0.5 - 0.2, abs=0.1)
            await transport.drain()
            assert audio_clock().now() - began == pytest.approx(2.0, abs=0.1)
            assert far.heard_seconds() == pytest.approx(2.0, abs=0.03)
            assert transport.ledger.seconds_played(1) == pytest.approx(2.0)

    run(main())


def test_looking_at_what_was_heard_changes_nothing() -> None:
    """Nor does it when the last mark is still on its way."""

    async def main() -> None:
        async with line() as (transport, far):
            began = audio_clock().now()
            await transport.play(audio(1, 1.0))
            for look in range(200):
                audio_clock().call_at(began + 0.01 * look, lambda: transport.ledger)
            await transport.drain()
            assert far.heard_seconds() == pytest.approx(1.0, abs=0.03)

    run(main())


def test_stop_is_heard_at_once_and_the_ledger_knows_what_was_heard() -> None:
    async def main() -> None:
        async with line() as (transport, far):
            await transport.play(audio(1, 1.4))
            await audio_clock().sleep_until(0.8)
            transport.stop()
            await transport.drain()
            await audio_clock().sleep_until(3.0)
            assert "clear" in far.received
            assert far.heard_seconds() == pytest.approx(0.8, abs=0.06)
            played = transport.ledger.seconds_played(1)
            assert played == pytest.approx(far.heard_seconds(), abs=0.06)

    run(main())


def test_what_is_held_is_not_heard_and_goes_on_from_the_same_sample() -> None:
    async def main() -> None:
        async with line() as (transport, far):
            await transport.play(audio(1, 0.6))
            await audio_clock().sleep_until(0.3)
            transport.set_volume(Volume.HELD)
            await audio_clock().sleep_until(1.3)
            transport.set_volume(Volume.FULL)
            await transport.drain()
            assert audio_clock().now() == pytest.approx(1.6, abs=0.15)
            assert far.heard_seconds(0.4, 1.28) == 0.0
            assert far.heard_seconds() == pytest.approx(0.6, abs=0.05)

    run(main())


def test_a_stream_that_breaks_loses_nothing_the_next_one_goes_on() -> None:
    async def main() -> None:
        clock = audio_clock()
        transport = PhoneTransport(CALLER, clock)
        heard = 0.0
        async with asyncio.TaskGroup() as tasks:
            speaking = tasks.create_task(transport.play(audio(1, 1.0)))
            for breaks in (True, False):
                far = FarSocket(clock)
                talking = tasks.create_task(far.talk())
                carrying = tasks.create_task(carry(far, far.started(), transport, Watched()))
                if breaks:
                    await clock.sleep_until(clock.now() + 0.5)
                    far.drop()
                    await carrying
                    await clock.sleep_until(clock.now() + 1.0)
                else:
                    await transport.drain()
                    carrying.cancel()
                talking.cancel()
                heard += far.heard_seconds()
            await speaking
        assert heard == pytest.approx(1.0, abs=0.06)
        assert transport.ledger.seconds_played(1) == pytest.approx(1.0)
        transport.close()

    run(main())


def test_a_far_end_that_is_stuck_is_an_error_and_no_endless_wait() -> None:
    async def main() -> None:
        async with line() as (transport, far):
            far.stuck = True
            with pytest.raises(AudioError, match="Twilio no longer says"):
                await transport.play(audio(1, 10.0))
            assert audio_clock().now() < 8.0
            far.stuck = False
            await transport.play(audio(2, 0.2))
            await transport.drain()

    run(main())


def test_after_the_call_nothing_can_be_said() -> None:
    async def main() -> None:
        transport = PhoneTransport(CALLER, audio_clock())
        audio_clock().call_at(1.0, transport.close)
        with pytest.raises(AudioError, match="the call is over"):
            await transport.play(audio(1, 3.0))
        with pytest.raises(AudioError, match="the call is over"):
            await transport.play(audio(2, 1.0))
        transport.play_ulaw(3, b"\x80" * 160)
        with pytest.raises(AudioError):
            await transport.drain()
        transport.stop()

    run(main())
