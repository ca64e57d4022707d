"""What holds for the second attempt at a call as for the first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from server.phone.calls.config import LimitsConfig, RetryConfig
from server.phone.calls.limits import Spent
from server.phone.calls.record import AttemptRecord, CallRecord
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus, EndReason
from server.phone.live.documents import HANG_UP
from server.phone.live.restart import Restart
from server.phone.security.forms import Form
from tests.peers.twilio import HangUp, Hear, Outcome, Person, Quiet
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, Setup, telephone

TASK = CallRequest(BEN, "Book a table.")
AGAIN = RetryConfig(max_attempts=2, initial_delay=1.0, jitter=0.0)


def run(folder: Path, test, setup: Setup) -> None:
    async def main() -> None:
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


def limits(**changes: int) -> LimitsConfig:
    return Setup().limits.model_copy(update=changes)


def test_nobody_is_called_again_while_as_many_calls_run_as_may(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person(outcome=Outcome.BUSY))
        phone.twilio.add_person(ANN, Person([Quiet(60.0)]))
        waiting = await phone.switchboard.place(TASK)
        await (await phone.twilio.next_call()).over()
        while (live := phone.switchboard.call(waiting.id)) is not None:
            if live.record.status is CallStatus.RETRY_WAIT:
                break
            await asyncio.sleep(0.001)
        await phone.switchboard.place(CallRequest(ANN, "Ask."))
        talking = await phone.twilio.next_call()
        await talking.streaming()
        while phone.switchboard.call(waiting.id) is not None:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(0.01)
        record = await phone.store.get(waiting.id)
        assert record is not None
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.NOT_PLACED)
        assert "phone.limits.concurrent_outbound" in (record.error or "")
        assert len(phone.twilio.calls) == 2  # it was dialled once
        talking.hang_up()
        await phone.ended(2)

    run(tmp_path, main, Setup(limits=limits(concurrent_outbound=1), retry=AGAIN))


def test_after_a_restart_a_number_that_may_not_be_called_any_more_is_not(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        at = phone.kit.now()
        attempt = AttemptRecord(1, CallStatus.BUSY, at, ended_at=at)
        foreign = CallRecord(
            "before",
            "outbound",
            OWN_NUMBER,
            "+442079460000",
            CallStatus.RETRY_WAIT,
            started_at=at,
            attempts=(attempt,),
            retry_at=at,
        )
        await phone.store.add(foreign)
        await Restart(phone.kit, phone.switchboard.resume).settle([foreign])
        while phone.switchboard.calls:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(0.01)
        record = await phone.store.get("before")
        assert record is not None
        assert record.end_reason is EndReason.NOT_PLACED
        assert not phone.twilio.calls

    run(tmp_path, main, Setup(retry=AGAIN))


def test_a_later_attempt_lasts_as_long_as_is_left(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        busy, there = Person(outcome=Outcome.BUSY), Person([Hear(0.2), HangUp()])
        phone.twilio.add_person(BEN, busy, there)
        await phone.switchboard.place(TASK)
        await (await phone.twilio.next_call()).over()
        spent = Spent("other:1", ANN, "inbound", phone.kit.now(), 17 * 60.0)
        phone.kit.limits.begin(spent)
        phone.kit.limits.end("other:1", 17 * 60.0)
        again = await phone.twilio.next_call()
        await again.over()
        assert again.options["TimeLimit"] == str(3 * 60 + 15)
        await phone.ended()

    total = limits().total.model_copy(update={"minutes_per_hour": 20})
    run(tmp_path, main, Setup(limits=limits().model_copy(update={"total": total}), retry=AGAIN))


def test_what_a_call_of_before_asked_for_and_is_not_possible_any_more_costs_no_other_call(
    tmp_path: Path,
) -> None:
    async def main(phone: Phone) -> None:
        at = phone.kit.now()
        lost = CallRecord(
            "before",
            "outbound",
            OWN_NUMBER,
            BEN,
            CallStatus.RETRY_WAIT,
            started_at=at,
            attempts=(AttemptRecord(1, CallStatus.BUSY, at, ended_at=at),),
            retry_at=at,
            request=replace(TASK, timezone="Atlantis/Poseidonis"),
        )
        await phone.store.add(lost)
        await Restart(phone.kit, phone.switchboard.resume).settle([lost])
        record = await phone.store.get("before")
        assert record is not None
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.BROKEN)

    run(tmp_path, main, Setup(retry=AGAIN))


def test_a_later_attempt_that_twilio_refuses_ends_the_call(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person(outcome=Outcome.BUSY))
        placed = await phone.switchboard.place(TASK)
        await (await phone.twilio.next_call()).over()
        phone.twilio.rest.fail(400, 21215, "Geo permission")
        while phone.switchboard.call(placed.id) is not None:  # noqa: ASYNC110 - time passes
            await asyncio.sleep(0.01)
        record = await phone.store.get(placed.id)
        assert record is not None
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.NOT_PLACED)
        assert phone.kit.limits.may_call(phone.kit.now(), BEN, "outbound") is None

    run(tmp_path, main, Setup(limits=limits(concurrent_outbound=1), retry=AGAIN))


def test_what_twilio_says_of_an_attempt_of_before_changes_nothing(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        busy, there = Person(outcome=Outcome.BUSY), Person([Hear(0.5), Quiet(1.0), HangUp()])
        phone.twilio.add_person(BEN, busy, there)
        placed = await phone.switchboard.place(TASK)
        first = await phone.twilio.next_call()
        await first.over()
        second = await phone.twilio.next_call()
        await second.streaming()
        machine = Form((("CallSid", first.sid), ("AnsweredBy", "machine_end_beep")))
        await phone.switchboard.detection(machine, f"call-{placed.id}-1")
        # Nor is a call connected of which nothing was known: its attempt is over.
        unknown = Form((("CallSid", "CA0123"),))
        twiml = await phone.switchboard.voice(unknown, f"call-{placed.id}-1")
        assert twiml == HANG_UP
        await second.over()
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
        assert not phone.engine.last_words

    run(tmp_path, main, Setup(retry=AGAIN))


def test_what_twilio_says_before_a_call_of_before_is_dialled_again_breaks_nothing(
    tmp_path: Path,
) -> None:
    async def main(phone: Phone) -> None:
        at = phone.kit.now()
        waiting = CallRecord(
            "before",
            "outbound",
            OWN_NUMBER,
            BEN,
            CallStatus.RETRY_WAIT,
            started_at=at,
            attempts=(AttemptRecord(1, CallStatus.BUSY, at, ended_at=at),),
            retry_at=at + timedelta(minutes=5),
        )
        await phone.store.add(waiting)
        await Restart(phone.kit, phone.switchboard.resume).settle([waiting])
        late = Form((("CallSid", "CA0123"), ("CallStatus", "busy"), ("SequenceNumber", "3")))
        await phone.switchboard.status(late, "call-before-1")
        twiml = await phone.switchboard.voice(late, "call-before-1")
        assert twiml == HANG_UP
        [call] = phone.switchboard.calls
        assert call.record.status is CallStatus.RETRY_WAIT
        call.hang_up(EndReason.CANCELED)

    run(tmp_path, main, Setup(retry=AGAIN))
