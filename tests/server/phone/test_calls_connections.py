"""Calls whose media socket breaks, or whose service stops and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.status import CallStatus, EndReason
from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.peers.twilio import DropSocket, FakeTwilio, HangUp, Hear, HearEnd, Person, Quiet, Speak
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.live.phone_scene import BEN, HOST
from tests.server.phone.service_scene import Setup, Telephone, pause, running, telephone

SPEEDS = [pytest.param(1.0, marks=pytest.mark.slow), 8.0]
CASES = [
    pytest.param("local", 1.0, marks=pytest.mark.slow),
    ("local", 8.0),
    ("realtime", 8.0),
]


@pytest.mark.parametrize(("engine", "speed"), CASES)
def test_a_socket_that_breaks_comes_back_and_the_conversation_goes_on(
    tmp_path: Path, engine: str, speed: float
) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(speed, engine)) as phone:
            said = HearEnd(pause(speed))
            steps = [Hear(0.2), DropSocket(), said, Speak(speech(0.5)), said, HangUp()]
            call = await phone.ring_in(*steps)
            record = await phone.record(call.sid)
            assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
            assert len(call.streams) == 2
            assert not call.errors
            assert not call.performance.timed_out
            assert [row.role for row in record.transcript].count("assistant") == 2

    asyncio.run(main())


async def hung_up_by_us(phone: Telephone, sid: str) -> None:
    async with asyncio.timeout(20):
        while not any(sid in one.path for one in phone.twilio.rest.requests):  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_socket_that_does_not_come_back_ends_the_call(tmp_path: Path, speed: float) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(speed)) as phone:
            call = await phone.ring_in(Hear(0.2), Quiet(0.2), DropSocket())
            await call.streaming()
            phone.twilio.tunnel(HOST, 9)
            await hung_up_by_us(phone, call.sid)
            await call.over()
            phone.twilio.tunnel(HOST, phone.port)
            await phone.twilio.webhooks.redeliver(phone.twilio.webhooks.deliveries[-1])
            record = await phone.record(call.sid)
            assert record.end_reason is EndReason.MEDIA_LOST
            await phone.idle()

    asyncio.run(main())


@pytest.mark.parametrize(("engine", "speed"), CASES)
def test_a_service_that_comes_back_ends_the_calls_of_before_and_takes_new_ones(
    tmp_path: Path, engine: str, speed: float
) -> None:
    async def main() -> None:
        setup = Setup(speed, engine, twilio={"ring_timeout": 60})
        script = [Say("Hello.", 0.5)] * 20
        async with FakeTwilio(speed=speed) as twilio, FakeOpenAI(script, speed=speed) as openai:
            async with running(tmp_path, twilio, openai, setup) as phone:
                talking = await phone.ring_in(Quiet(60.0))
                await talking.streaming()
                rings = await phone.place(BEN, Person([Quiet(60.0)], ring=60.0))
                ringing = await twilio.next_call()
            async with running(tmp_path, twilio, openai, setup) as phone:
                new = await phone.ring_in(Hear(0.2), HangUp())
                for name in (talking.sid, rings.id):
                    record = await phone.record(name)
                    assert record.end_reason is EndReason.RESTART
                await talking.over()
                await ringing.over()
                assert ringing.status == "canceled"
                assert (await phone.record(new.sid)).status is CallStatus.COMPLETED
                await phone.idle()

    asyncio.run(main())
