"""Calls that a bug of ours breaks, and calls in which the service stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.record import CallRecord
from server.phone.calls.report import Report
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus, EndReason
from server.phone.calls.store import CallStore
from server.phone.engines.engine import AgentSaid, CallReported, EngineEnd
from server.store.database import open_database
from tests.peers.twilio import HangUp, Hear, Person, Quiet
from tests.server.phone.live.phone_scene import (
    ANN,
    BEN,
    Phone,
    ScriptedSession,
    Setup,
    telephone,
)

TASK = CallRequest(BEN, "Book a table.")


def run(folder: Path, test, setup: Setup | None = None) -> None:
    async def main() -> None:
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


async def first_kept(folder: Path) -> CallRecord:
    """Return the only call that the store has, as the next start finds it."""
    async with open_database(folder) as database:
        store = CallStore(database)
        query = "SELECT provider_id FROM call_attempts"
        [sid] = await database.run(lambda connection: connection.execute(query).fetchone())
        record = await store.get(sid)
        assert record is not None
        return record


@pytest.mark.parametrize("inbound", [True, False])
def test_a_call_that_our_own_bug_breaks_is_ended_and_kept_as_failed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, inbound: bool
) -> None:
    def broken(*_: object) -> ScriptedSession:
        raise RuntimeError("a bug")

    over: list[CallRecord] = []

    async def main(phone: Phone) -> None:
        phone.engine.open = broken
        if inbound:
            call = await phone.twilio.ring_in(ANN, steps=[Quiet(60.0)])
        else:
            phone.twilio.add_person(BEN, Person([Quiet(60.0)]))
            await phone.switchboard.place(TASK)
            call = await phone.twilio.next_call()
        await call.over()
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.BROKEN)
        assert record.attempts[-1].ended_at is not None
        assert record.cost is not None
        assert "a fault of this program" in (record.error or "")
        assert [one.id for one in over] == [record.id]
        # Nothing of it is counted as running.
        number = ANN if inbound else BEN
        direction = "inbound" if inbound else "outbound"
        assert phone.kit.limits.may_call(phone.kit.now(), number, direction) is None

    setup = Setup(kit={"when_over": (over.append,)})
    one = {"concurrent_calls": 1, "concurrent_outbound": 1}
    setup.limits = setup.limits.model_copy(update=one)
    run(tmp_path, main, setup)
    assert "broke" in caplog.text


def test_what_was_said_and_reported_is_kept_when_the_service_stops(tmp_path: Path) -> None:
    talking = asyncio.Event()

    async def talk(session: ScriptedSession) -> None:
        await session.said()
        report = Report("They want a table at eight.", "success")
        try:
            talking.set()
            await asyncio.Event().wait()
        finally:  # an engine that is cancelled tells what was said
            session._desk.tell(AgentSaid(0.0, "At eight.", "At eight.", 1.0))
            session._desk.tell(CallReported(report))

    async def main(phone: Phone) -> None:
        phone.engine.acts = [talk]
        await phone.twilio.ring_in(ANN, steps=[Quiet(60.0)])
        await talking.wait()

    run(tmp_path, main)
    record = asyncio.run(first_kept(tmp_path))
    assert not record.status.is_final  # Twilio is asked what became of it
    assert [row.text for row in record.transcript] == ["At eight."]
    assert record.report is not None


def test_a_call_that_is_over_when_the_service_stops_is_kept_whole(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()

    class Stuck(ScriptedSession):
        """Does not come to its end by itself."""

        async def run(self) -> EngineEnd:
            await super().run()
            await asyncio.Event().wait()
            raise AssertionError

    async def main(phone: Phone) -> None:
        phone.engine.open = lambda *call: Stuck(phone.engine, *call)
        call = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), HangUp()])
        await call.over()
        [live] = phone.switchboard.calls
        while not live.record.status.is_final:  # noqa: ASYNC110 - what Twilio reports
            await asyncio.sleep(0.001)
        assert phone.switchboard.calls
        [kept] = await phone.store.active()  # a crash now leaves it to the next start
        assert kept.id == live.record.id

    run(tmp_path, main, Setup(recordings=folder))
    record = asyncio.run(first_kept(tmp_path))
    assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
    assert record.recording is not None
    assert record.cost is not None
