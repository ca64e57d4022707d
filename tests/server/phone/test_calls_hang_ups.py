"""The other side hangs up, in the middle of everything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.phone.calls.config import InboundConfig
from server.phone.calls.status import CallStatus, EndReason
from tests.peers.openai_realtime import CallTool, Say
from tests.peers.twilio import Call, HangUp, Hear, HearEnd, Person, Press, Quiet, Speak
from tests.peers.twilio.person import Step
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.live.phone_scene import ANN, BEN
from tests.server.phone.service_scene import Agent, Setup, Telephone, number, pause, telephone

SPEEDS = [pytest.param(1.0, marks=pytest.mark.slow), 8.0]
ASKS = Speak(speech(0.5))
LONG = " ".join(f"word{index}" for index in range(30))


def moments(speed: float) -> dict[str, tuple[Step, ...]]:
    greeted = HearEnd(pause(speed))
    return {
        "greeting": (Hear(0.2), HangUp()),
        "listening": (greeted, HangUp()),
        "asking": (greeted, Speak(speech(0.3)), HangUp()),
        "thinking": (greeted, ASKS, Quiet(1.0), HangUp()),
        "speaking": (greeted, ASKS, Hear(0.3), HangUp()),
    }


async def until_dialled(call: Call) -> None:
    async with asyncio.timeout(20):
        while not call.dialled:  # noqa: ASYNC110 - the fake has no event for it
            await asyncio.sleep(0.005)


async def nothing_is_left(phone: Telephone) -> None:
    """Wait until no call is left, and make sure that the next is taken."""
    await phone.idle()
    call = await phone.ring_in(Hear(0.2), HangUp())
    assert (await phone.record(call.sid)).status is CallStatus.COMPLETED


@pytest.mark.parametrize("speed", SPEEDS)
def test_at_every_moment_of_a_call_with_our_own_pipeline(tmp_path: Path, speed: float) -> None:
    all_of = moments(speed)
    numbers = {moment: number(index) for index, moment in enumerate(all_of)}
    replies = {numbers["speaking"]: LONG, ANN: f"[[transfer:{BEN}]]"}
    agent = Agent(replies, seconds=0.3)

    async def main(phone: Telephone) -> None:
        calls = {
            moment: await phone.ring_in(*steps, from_=numbers[moment])
            for moment, steps in all_of.items()
        }
        moved = await phone.ring_in(HearEnd(pause(speed)), ASKS, Quiet(30.0))
        rings = await phone.place(BEN, Person([Quiet(30.0)], ring=20.0))
        ringing = await phone.twilio.next_call()
        ringing.hang_up()
        await until_dialled(moved)
        moved.hang_up()
        for moment, call in calls.items():
            record = await phone.record(call.sid)
            assert (moment, record.end_reason) == (moment, EndReason.HUNG_UP)
            assert not call.errors
            assert record.transcript[0].interrupted is (moment == "greeting")
        speaking = (await phone.record(calls["speaking"].sid)).transcript[-1]
        assert speaking.interrupted
        assert 1 <= len(speaking.text.split()) <= 8
        assert (await phone.record(moved.sid)).status is CallStatus.COMPLETED
        assert (await phone.record(rings.id)).status is CallStatus.NO_ANSWER
        await nothing_is_left(phone)

    async def run() -> None:
        async with telephone(tmp_path, Setup(speed, agent=agent)) as phone:
            await main(phone)

    asyncio.run(run())


def test_at_every_moment_of_a_realtime_call(tmp_path: Path) -> None:
    script = [Say("Hello.", 1.0)] * 4 + [CallTool("ask_openclaw", {"request": "when"})] * 40
    agent = Agent(seconds=2.0)

    async def main() -> None:
        setup = Setup(8.0, "realtime", agent, script=script)
        async with telephone(tmp_path, setup) as phone:
            chosen = ("greeting", "listening", "asking", "thinking")
            calls = [await phone.ring_in(*moments(8.0)[moment]) for moment in chosen]
            rings = await phone.place(BEN, Person([Quiet(30.0)], ring=20.0))
            (await phone.twilio.next_call()).hang_up()
            for call in calls:
                record = await phone.record(call.sid)
                assert record.end_reason is EndReason.HUNG_UP
                assert not call.errors
                assert not call.performance.timed_out
            assert agent.asked
            assert (await phone.record(rings.id)).status is CallStatus.NO_ANSWER
            await phone.idle()

    asyncio.run(main())


@pytest.mark.parametrize("speed", [1.0, 8.0])
def test_while_they_are_asked_for_the_pin(tmp_path: Path, speed: float) -> None:
    pin = InboundConfig(policy="allowlist", unknown_callers="pin", pin=SecretStr("1234"))

    async def main() -> None:
        async with telephone(tmp_path, Setup(speed, inbound=pin)) as phone:
            leaves = await phone.ring_in(Press("12"), HangUp())
            await leaves.over()
            assert not leaves.streams
            knows = await phone.ring_in(Press("1234#"), Hear(0.2), HangUp(), from_=BEN)
            record = await phone.record(knows.sid)
            assert record.status is CallStatus.COMPLETED
            assert await phone.store.get(leaves.sid) is None
            await phone.idle()

    asyncio.run(main())
