"""Calls from their beginning to each of their ends, as the service runs them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus, EndReason
from tests.peers.twilio import Call, HangUp, HearEnd, Outcome, Person, Press, Quiet, Speak
from tests.peers.twilio.person import Step
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.live.phone_scene import BEN
from tests.server.phone.service_scene import HORSES, TASK, Agent, Setup, number, pause, telephone

SPEEDS = [pytest.param(1.0, marks=pytest.mark.slow), 8.0]


def talk(speed: float) -> list[Step]:
    said = HearEnd(pause(speed))
    return [said, Speak(speech(0.5)), said, Press("5#"), said, HangUp()]


GOODBYE = number(20)
ENDS = {
    Outcome.BUSY: (CallStatus.BUSY, EndReason.BUSY),
    Outcome.NO_ANSWER: (CallStatus.NO_ANSWER, EndReason.NO_ANSWER),
    Outcome.FAILED: (CallStatus.FAILED, EndReason.FAILED),
    Outcome.CANCELED: (CallStatus.CANCELED, EndReason.CANCELED),
}


async def talked(call: Call, record: CallRecord) -> list[str]:
    """Check a call that went as it should; return what was said."""
    assert not call.errors
    assert not call.stream.violations
    assert not call.performance.timed_out
    assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
    return [row.text for row in record.transcript]


@pytest.mark.parametrize("speed", SPEEDS)
def test_with_our_own_pipeline_both_ways_and_to_every_end(tmp_path: Path, speed: float) -> None:
    agent = Agent({GOODBYE: "Goodbye. [[end_call]]"})

    async def main() -> None:
        async with telephone(tmp_path, Setup(speed, agent=agent)) as phone:
            placed = await phone.place(BEN, Person(talk(speed)))
            made = await phone.twilio.next_call()
            nobody = {
                outcome: await phone.place(number(index), Person(outcome=outcome))
                for index, outcome in enumerate(ENDS)
            }
            given_up = await phone.place(number(10), Person(ring=30.0))
            came = await phone.ring_in(*talk(speed))
            asks = [HearEnd(pause(speed)), Speak(speech(0.5)), Quiet(30.0)]
            ended = await phone.ring_in(*asks, from_=GOODBYE)
            live = phone.switchboard.call(given_up.id)
            assert live is not None
            live.hang_up(EndReason.CANCELED)
            for call, name in ((came, came.sid), (made, placed.id)):
                said = await talked(call, await phone.record(name))
                assert "AI" in said[0]  # callers are told
                assert said[1:] == [*(HORSES, "It is noon."), *("(keys 5#)", "It is noon.")]
            for outcome, end in ENDS.items():
                record = await phone.record(nobody[outcome].id)
                assert (record.status, record.end_reason) == end
                assert not record.transcript
            assert (await phone.record(given_up.id)).status is CallStatus.CANCELED
            record = await phone.record(ended.sid)
            assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT)
            assert record.transcript[-1].text == "Goodbye."
            assert {one.speaker.id for one in agent.asked if TASK in repr(one)} == {BEN}

    asyncio.run(main())


@pytest.mark.parametrize("speed", SPEEDS)
def test_with_a_realtime_model_both_ways(tmp_path: Path, speed: float) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(speed, "realtime")) as phone:
            placed = await phone.place(BEN, Person(talk(speed)))
            made = await phone.twilio.next_call()
            came = await phone.ring_in(*talk(speed))
            for call, name in ((came, came.sid), (made, placed.id)):
                said = await talked(call, await phone.record(name))
                assert said.count("Hello.") == 3
            told = [str(session.received) for session in phone.openai.sessions]
            assert all("5#" in one for one in told)
            assert sum(TASK in one for one in told) == 1

    asyncio.run(main())
