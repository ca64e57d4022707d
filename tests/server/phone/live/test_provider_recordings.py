"""Calls that Twilio records: they hear of it, and the record says where the recording is had."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRequest
from server.phone.live.provider_recordings import keep_recording
from server.phone.provider.reports import RecordingNews
from tests.peers.twilio import Call, HangUp, Hear, Person, Quiet
from tests.server.phone.live.over_calls import over
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, Setup, telephone

TALKS = [Hear(0.2), Quiet(1.0), HangUp()]
SID = "RE" + "a" * 32


def run(folder: Path, test, mode: str = "twilio", **kit) -> None:
    async def main() -> None:
        setup = Setup(more={"recording": {"mode": mode}}, kit=kit)
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


async def recorded(phone: Phone, call: Call) -> CallRecord:
    """Return the record of a call once it says where the recording is."""
    await call.over()
    async with asyncio.timeout(20):
        while True:
            [record] = await phone.ended()
            if record.provider_recording is not None:
                return record
            await asyncio.sleep(0.01)


def is_had(phone: Phone, record: CallRecord) -> bool:
    """Return whether the record says where the one recording of the account is."""
    [sid] = phone.twilio.recordings
    account = f"{phone.twilio.api_base}/2010-04-01/Accounts/{phone.twilio.account_sid}"
    recording = record.provider_recording
    assert recording is not None
    assert recording.seconds is not None
    return (recording.id, recording.url) == (sid, f"{account}/Recordings/{sid}")


@pytest.mark.parametrize("mode", ["twilio", "both"])
def test_a_call_of_ours_is_recorded_by_twilio(tmp_path: Path, mode: str) -> None:
    async def test(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person(TALKS))
        await phone.switchboard.place(CallRequest(BEN, "Ask."))
        call = await phone.twilio.next_call()
        record = await recorded(phone, call)
        assert is_had(phone, record)
        assert call.options["RecordingChannels"] == "dual"
        assert "This call is recorded." in phone.engine.sessions[0].call.opening
        assert not call.errors
        assert record.cost is not None
        assert record.cost.parts["recording"] > 0

    run(tmp_path, test, mode)


def test_a_call_that_comes_in_is_recorded_from_the_beginning_once(tmp_path: Path) -> None:
    async def test(phone: Phone) -> None:
        call = await phone.twilio.ring_in(ANN, steps=TALKS)
        record = await recorded(phone, call)
        assert is_had(phone, record)
        first, *more = call.twiml
        assert '<Start><Recording channels="dual"' in first
        assert not any("<Recording" in document for document in more)
        assert "This call is recorded." in phone.engine.sessions[0].call.opening
        assert not call.errors

    run(tmp_path, test)


@pytest.mark.parametrize("mode", ["off", "local"])
def test_otherwise_twilio_records_nothing(tmp_path: Path, mode: str) -> None:
    async def test(phone: Phone) -> None:
        call = await phone.twilio.ring_in(ANN, steps=TALKS)
        await call.over()
        [record] = await phone.ended()
        assert record.provider_recording is None
        assert not phone.twilio.recordings

    run(tmp_path, test, mode)


def test_a_recording_that_is_told_of_late_is_kept_too(tmp_path: Path) -> None:
    changed = []

    async def test(phone: Phone) -> None:
        await phone.store.add(over())
        await keep_recording(phone.kit, None, RecordingNews("CAc1", SID, 7))
        await keep_recording(phone.kit, None, RecordingNews("CA404", SID, 7))
        record = await phone.store.get("c1")
        assert record is not None
        assert record.provider_recording is not None
        assert (record.provider_recording.id, record.provider_recording.seconds) == (SID, 7)
        assert [one.id for one in changed] == ["c1"]

    run(tmp_path, test, when_changed=changed.append)
