"""Calls that somebody has to approve are not made before that, and not without it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server.phone.calls.people import Person as Known
from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRefusedError, CallRequest, Obstacle
from server.phone.calls.status import CallStatus, EndReason
from server.phone.config import OutboundConfig
from server.phone.live.approvals import Verdict
from tests.peers.twilio import Person, Quiet
from tests.server.phone.live.phone_scene import BEN, Phone, Setup, telephone
from tests.server.phone.live.test_call import hang_up

TASK = CallRequest(BEN, "Book a table.")


@dataclass
class ScriptedApprover:
    """Is asked, and answers when the test does."""

    no: str = ""
    asked: list[CallRecord] = field(default_factory=list)
    answer: asyncio.Future[Verdict] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    taken_back: bool = False

    def obstacle(self, record: CallRecord) -> str:
        return self.no

    async def ask(self, record: CallRecord) -> Verdict:
        self.asked.append(record)
        try:
            return await self.answer
        except asyncio.CancelledError:
            self.taken_back = True
            raise


def with_approval(
    folder: Path,
    test: Callable[[Phone, ScriptedApprover], Awaitable[None]],
    mode: str = "always",
    **more: Any,
) -> None:
    async def main() -> None:
        setup = Setup(more={"outbound": OutboundConfig.model_validate({"approval": mode})}, **more)
        async with telephone(folder, setup) as phone:
            approver = ScriptedApprover()
            with phone.kit.approvals.given_by(approver):
                phone.engine.acts = [hang_up]
                phone.twilio.add_person(BEN, Person([Quiet(30.0)]))
                await test(phone, approver)

    asyncio.run(main())


async def asked(phone: Phone, approver: ScriptedApprover) -> CallRecord:
    """Ask for a call, and wait until somebody is asked."""
    placed = await phone.switchboard.place(TASK)
    while not approver.asked:  # noqa: ASYNC110 - the scripted one has no event
        await asyncio.sleep(0.005)
    assert not phone.twilio.calls
    return placed


async def over(phone: Phone, call_id: str) -> CallRecord:
    while phone.switchboard.calls:  # noqa: ASYNC110 - whatever ends it
        await asyncio.sleep(0.005)
    record = await phone.store.get(call_id)
    assert record is not None
    return record


def test_a_call_is_made_as_soon_as_it_is_approved(tmp_path: Path) -> None:
    async def test(phone: Phone, approver: ScriptedApprover) -> None:
        await asked(phone, approver)
        approver.answer.set_result(Verdict.APPROVED)
        [record] = await phone.ended()
        assert record.status is CallStatus.COMPLETED
        assert len(approver.asked) == 1

    with_approval(tmp_path, test)


@pytest.mark.parametrize(
    ("verdict", "reason", "words"),
    [
        (Verdict.DECLINED, EndReason.DECLINED, "declined"),
        (Verdict.UNANSWERED, EndReason.NOT_APPROVED, "nobody on Discord approved"),
    ],
)
def test_a_call_that_is_not_approved_is_not_made_and_its_record_says_why(
    tmp_path: Path, verdict: Verdict, reason: EndReason, words: str
) -> None:
    async def test(phone: Phone, approver: ScriptedApprover) -> None:
        placed = await asked(phone, approver)
        approver.answer.set_result(verdict)
        record = await over(phone, placed.id)
        assert (record.status, record.end_reason) == (CallStatus.CANCELED, reason)
        assert words in (record.error or "")
        assert not phone.twilio.calls
        # Nothing is counted for it any more.
        approver.answer = asyncio.get_running_loop().create_future()
        await asked(phone, approver)
        approver.answer.set_result(Verdict.APPROVED)
        await phone.ended()

    limits = Setup().limits.model_copy(update={"concurrent_outbound": 1})
    with_approval(tmp_path, test, limits=limits)


def test_who_hangs_up_takes_the_question_back(tmp_path: Path) -> None:
    async def test(phone: Phone, approver: ScriptedApprover) -> None:
        placed = await asked(phone, approver)
        call = phone.switchboard.call(placed.id)
        assert call is not None
        call.hang_up(EndReason.CANCELED)
        record = await over(phone, placed.id)
        assert (record.status, record.end_reason) == (CallStatus.CANCELED, EndReason.CANCELED)
        assert approver.taken_back

    with_approval(tmp_path, test)


def test_people_of_the_settings_need_none_where_only_unknown_numbers_do(tmp_path: Path) -> None:
    async def test(phone: Phone, approver: ScriptedApprover) -> None:
        await phone.switchboard.place(TASK)
        await phone.ended()
        assert not approver.asked

    with_approval(tmp_path, test, "unknown", people=(Known("ben", (BEN,)),))


def test_where_nobody_can_be_asked_the_call_is_refused_at_once(tmp_path: Path) -> None:
    async def test(phone: Phone, approver: ScriptedApprover) -> None:
        approver.no = "no channel is set"
        with pytest.raises(CallRefusedError, match="no channel is set") as refused:
            await phone.switchboard.place(TASK)
        assert refused.value.obstacle is Obstacle.POLICY
        assert not phone.switchboard.calls

    with_approval(tmp_path, test, "unknown")


def test_without_discord_such_calls_are_refused_and_others_are_made(tmp_path: Path) -> None:
    async def main() -> None:
        more = {"outbound": OutboundConfig(approval="unknown")}
        setup = Setup(more=more, people=(Known("ben", (BEN,)),))
        async with telephone(tmp_path, setup) as phone:
            with pytest.raises(CallRefusedError, match="not on Discord"):
                await phone.switchboard.place(CallRequest("+15550003333"))
            phone.engine.acts = [hang_up]
            phone.twilio.add_person(BEN, Person([Quiet(30.0)]))
            await phone.switchboard.place(TASK)
            await phone.ended()

    asyncio.run(main())
