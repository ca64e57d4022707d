"""Calls that only say something: to a person at once, to a machine after its announcement."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus, EndReason
from tests.peers.openai_realtime import Say
from tests.peers.twilio import HearEnd, Person, Quiet, Speak
from tests.server.phone.live.phone_scene import BEN
from tests.server.phone.live.tone import tone
from tests.server.phone.service_scene import Setup, telephone

NOTICE = "The table is booked for eight."
SAID = f"{NOTICE} I am an AI. What we say is written down."


def notified(folder: Path, engine: str, person: Person) -> CallRecord:
    setup = Setup(speed=4.0, engine=engine, script=[Say(SAID, 1.5)] * 4)

    async def main() -> CallRecord:
        async with telephone(folder, setup) as phone:
            phone.twilio.add_person(BEN, person)
            placed = await phone.switchboard.place(CallRequest(BEN, message=NOTICE, mode="notify"))
            call = await phone.twilio.next_call()
            await call.over()
            assert call.ended_by != "person"
            return await phone.record(placed.id)

    return asyncio.run(main())


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "realtime"])
def test_a_person_hears_it_and_nothing_they_say_is_answered(tmp_path: Path, engine: str) -> None:
    person = Person([Speak(tone(0.5)), Quiet(40.0)], detection=1.0)
    record = notified(tmp_path, engine, person)
    assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT)
    assert [(row.role, row.text) for row in record.transcript] == [("assistant", SAID)]
    assert not record.transcript[0].interrupted


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "realtime"])
def test_a_machine_hears_it_after_its_announcement(tmp_path: Path, engine: str) -> None:
    person = Person([HearEnd(2.0), Quiet(40.0)], answered_by="machine_end_beep", detection=6.0)
    record = notified(tmp_path, engine, person)
    assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.VOICEMAIL)
    assert [(row.role, row.text) for row in record.transcript] == [("assistant", SAID)]
