"""A second media stream of one call, while the first is not known to be dead."""

from __future__ import annotations

import asyncio

import pytest

from pipeline.interfaces import Participant
from server.phone.line.media_connection import StreamEnd
from server.phone.line.streams import Streams
from server.phone.line.transport import PhoneTransport
from tests.pipeline.fakes import audio_clock
from tests.server.phone.line.far_socket import FarSocket, Watched, run
from tests.server.phone.line.test_playback import audio

CALLER = Participant("+15550001111", "Ann")


def test_the_newest_stream_alone_gets_the_sound() -> None:
    async def main() -> None:
        clock = audio_clock()
        transport, over = PhoneTransport(CALLER, clock), asyncio.Event()
        streams = Streams(transport, Watched(), over)
        dead, alive = FarSocket(clock), FarSocket(clock)
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(streams.carry(dead, dead.started()))
            speaking = tasks.create_task(transport.play(audio(1, 1.0)))
            await clock.sleep_until(0.5)  # nobody hears it, and no mark comes back
            talking = tasks.create_task(alive.talk())
            second = tasks.create_task(streams.carry(alive, alive.started()))
            assert await first is None
            took = len(dead.received)
            await speaking
            await transport.drain()
            assert len(dead.received) == took
            assert alive.heard_seconds() == pytest.approx(0.8, abs=0.1)
            alive.stop()
            assert await second is StreamEnd.STOPPED
            talking.cancel()
        transport.close()

    run(main())


def test_a_stream_that_waits_for_its_turn_gives_way_too_and_none_follows_the_call() -> None:
    async def main() -> None:
        clock = audio_clock()
        transport, over = PhoneTransport(CALLER, clock), asyncio.Event()
        streams = Streams(transport, Watched(), over)
        far = [FarSocket(clock) for _ in range(3)]
        async with asyncio.TaskGroup() as tasks:
            carried = [tasks.create_task(streams.carry(one, one.started())) for one in far]
            await clock.sleep_until(0.1)
            assert [one.done() for one in carried] == [True, True, False]
            over.set()
        assert [one.result() for one in carried] == [None, None, None]
        assert await streams.carry(far[0], far[0].started()) is None
        transport.close()

    run(main())
