"""Calls that were running when the service stopped."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from server.phone.audio.wav_file import WavFile
from server.phone.calls.record import AttemptRecord, CallRecord
from server.phone.calls.status import CallStatus, EndReason
from server.phone.live.closing import rescued
from server.phone.live.restart import Restart
from server.phone.provider.outbound import OutboundCall
from tests.peers.twilio import HangUp, Hear, Person, Quiet
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.phone_scene import BASE, BEN, Phone, telephone


def run(folder: Path, test) -> None:
    async def main() -> None:
        async with telephone(folder) as phone:
            await test(phone)

    asyncio.run(main())


async def kept(phone: Phone, status: CallStatus, **changes: object) -> CallRecord:
    """Keep a call as it stood when the service stopped."""
    at = phone.kit.now()
    attempt = AttemptRecord(1, status, at, provider_call_id=changes.get("provider_call_id"))
    values = {"started_at": at, "attempts": (attempt,), "task": "Book a table.", **changes}
    record = CallRecord("before", "outbound", OWN_NUMBER, BEN, status, **values)
    return await phone.store.add(record)


async def restarted(phone: Phone) -> CallRecord:
    restart = Restart(phone.kit, phone.switchboard.resume)
    await restart.settle(await phone.store.active())
    record = await phone.store.get("before")
    assert record is not None
    return record


def asked() -> OutboundCall:
    return OutboundCall(BEN, OWN_NUMBER, f"{BASE}/voice", f"{BASE}/status", 30, 600)


def test_a_call_that_still_rings_is_cancelled_and_closed(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person([Quiet(60.0)], ring=100.0))
        made = await phone.kit.provider.create(asked())
        await kept(phone, CallStatus.RINGING, provider_call_id=made.provider_id)
        record = await restarted(phone)
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.RESTART)
        await phone.twilio.calls[made.provider_id].over()
        assert phone.twilio.calls[made.provider_id].status == "canceled"

    run(tmp_path, main)


def test_a_call_whose_id_was_never_learnt_is_found(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person([Quiet(60.0)], ring=100.0))
        await kept(phone, CallStatus.DIALING)
        made = await phone.kit.provider.create(asked())
        record = await restarted(phone)
        assert record.provider_call_id == made.provider_id
        await phone.twilio.calls[made.provider_id].over()

    run(tmp_path, main)


def test_a_call_that_twilio_does_not_know_is_closed_and_an_outage_waited_for(
    tmp_path: Path,
) -> None:
    async def main(phone: Phone) -> None:
        await kept(phone, CallStatus.IN_PROGRESS, provider_call_id="CA404")
        for _ in range(3):
            phone.twilio.rest.fail(503)
        record = await restarted(phone)
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.RESTART)

    run(tmp_path, main)


def test_a_call_that_waits_to_be_dialled_again_is_dialled(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person([Hear(0.2), HangUp()]))
        soon = phone.kit.now() + timedelta(seconds=1)
        await kept(phone, CallStatus.RETRY_WAIT, retry_at=soon)
        await restarted(phone)
        [record] = await phone.ended()
        assert (record.id, record.status) == ("before", CallStatus.COMPLETED)
        assert len(record.attempts) == 2
        assert phone.engine.sessions[0].call.task == "Book a table."

    run(tmp_path, main)


def test_what_was_recorded_before_a_crash_is_rescued(tmp_path: Path) -> None:
    whole = WavFile(tmp_path / "c1.wav", rate=8000, channels=2)
    whole.append(b"\1\0\1\0" * 8000)
    whole.close()
    (tmp_path / "c2.wav").write_bytes(b"")
    recording = rescued(tmp_path, "c1")
    assert recording is not None
    assert (recording.file, recording.seconds) == ("c1.wav", 1.0)
    assert rescued(tmp_path, "c2") is None
    assert not (tmp_path / "c2.wav").exists()
    assert rescued(tmp_path, "c3") is None
