"""Calls against the fake Twilio: each way in which one begins, goes on and ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.config import RetryConfig
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus, EndReason
from server.phone.engines.engine import EngineEnd, SendDigits, Transfer
from tests.peers.twilio import DropSocket, HangUp, Hear, Outcome, Person, Press, Quiet, Speak
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, ScriptedSession, Setup, telephone
from tests.server.phone.live.tone import tone

TASK = CallRequest(BEN, "Book a table.")


def run(folder: Path, test, setup: Setup | None = None) -> None:
    async def main() -> None:
        async with telephone(folder, setup) as phone:
            await test(phone)

    asyncio.run(main())


async def hang_up(session: ScriptedSession) -> None:
    await session.said()
    session.end(EngineEnd(EndReason.AGENT))


def test_a_caller_is_heard_and_hears_and_hangs_up(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        steps = [Hear(0.2), Speak(tone(1.0)), Press("5#"), Quiet(0.5), HangUp()]
        call = await phone.twilio.ring_in(ANN, steps=steps)
        await call.over()
        [record] = await phone.ended()
        assert not call.errors
        assert not call.stream.violations
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
        assert record.session_key == "agent:jarvis:voice:15550001111"
        [session] = phone.engine.sessions
        assert session.keys == "5#"
        assert session.heard / 8000 == pytest.approx(1.9, abs=0.5)
        assert call.stream.heard_ms == pytest.approx(500, abs=60)
        assert [row.role for row in record.transcript] == ["assistant"]
        assert record.cost is not None

    run(tmp_path, main)


def test_the_agent_ends_a_call_that_came_in(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.acts = [hang_up]
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(30.0)])
        await call.over()
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT)
        assert call.ended_by == "api"
        assert call.stream.heard_ms == pytest.approx(500, abs=60)

    run(tmp_path, main)


def test_a_call_is_made_and_its_opening_heard(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.acts = [hang_up]
        phone.twilio.add_person(BEN, Person([Quiet(30.0)]))
        placed = await phone.switchboard.place(TASK)
        call = await phone.twilio.next_call()
        await call.over()
        [record] = await phone.ended()
        assert record.id == placed.id
        assert not call.errors
        assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT)
        assert phone.engine.sessions[0].call.task == "Book a table."
        assert call.stream.heard_ms == pytest.approx(500, abs=60)

    run(tmp_path, main)


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Outcome.BUSY, CallStatus.BUSY, EndReason.BUSY),
        (Outcome.NO_ANSWER, CallStatus.NO_ANSWER, EndReason.NO_ANSWER),
        (Outcome.FAILED, CallStatus.FAILED, EndReason.FAILED),
        (Outcome.CANCELED, CallStatus.CANCELED, EndReason.CANCELED),
    ],
)
def test_a_call_that_reaches_nobody_says_why(
    tmp_path: Path, outcome: Outcome, status: CallStatus, reason: EndReason
) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person(outcome=outcome))
        await phone.switchboard.place(TASK)
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (status, reason)
        assert not phone.engine.sessions

    run(tmp_path, main)


def test_a_call_that_twilio_refuses_is_failed_with_its_reason(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.rest.fail(400, 21215, "Geo permission")
        placed = await phone.switchboard.place(TASK)
        await phone.ended(0)
        record = await phone.store.get(placed.id)
        assert record is not None
        assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.NOT_PLACED)
        assert "Geo permission" in (record.error or "")

    run(tmp_path, main)


def test_somebody_busy_is_called_again(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.acts = [hang_up]
        busy = Person(outcome=Outcome.BUSY)
        phone.twilio.add_person(BEN, busy, Person([Quiet(30.0)]))
        await phone.switchboard.place(TASK)
        [record] = await phone.ended()
        assert [one.status for one in record.attempts] == [CallStatus.BUSY, CallStatus.COMPLETED]
        assert record.status is CallStatus.COMPLETED

    again = RetryConfig(max_attempts=2, initial_delay=1.0, jitter=0.0)
    run(tmp_path, main, Setup(retry=again))


def test_a_call_that_rings_is_cancelled(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.twilio.add_person(BEN, Person(ring=20.0))
        placed = await phone.switchboard.place(TASK)
        await phone.twilio.next_call()
        call = phone.switchboard.call(placed.id)
        assert call is not None
        call.hang_up(EndReason.CANCELED)
        [record] = await phone.ended()
        assert (record.status, record.end_reason) == (CallStatus.CANCELED, EndReason.CANCELED)

    run(tmp_path, main)


def test_a_socket_that_breaks_is_opened_again_and_the_call_goes_on(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.opening_seconds = 3.0
        steps = [Hear(0.5), DropSocket(), Hear(2.0), Quiet(1.0), HangUp()]
        call = await phone.twilio.ring_in(ANN, steps=steps)
        await call.over()
        [record] = await phone.ended()
        assert record.status is CallStatus.COMPLETED
        assert len(call.streams) == 2
        assert len(phone.engine.sessions) == 1
        heard = sum(stream.heard_ms for stream in call.streams)
        assert heard == pytest.approx(3000, abs=250)

    run(tmp_path, main)


def test_a_machine_gets_its_message(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.opening_seconds = 5.0
        person = Person([Quiet(30.0)], answered_by="machine_end_beep", detection=1.0)
        phone.twilio.add_person(BEN, person)
        await phone.switchboard.place(TASK)
        [record] = await phone.ended()
        assert record.end_reason is EndReason.VOICEMAIL
        (left,) = phone.engine.last_words
        assert "an AI assistant, calling about this: Book a table. Please call back" in left

    run(tmp_path, main)


def test_a_machine_gets_the_message_of_a_call_without_a_task(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.opening_seconds = 5.0
        person = Person([Quiet(30.0)], answered_by="machine_end_beep", detection=1.0)
        phone.twilio.add_person(BEN, person)
        await phone.switchboard.place(CallRequest(BEN, message="Lunch is at one."))
        [record] = await phone.ended()
        assert record.end_reason is EndReason.VOICEMAIL
        (left,) = phone.engine.last_words
        assert left.startswith("Lunch is at one. I am an AI assistant.")

    run(tmp_path, main)


def test_keys_are_pressed_and_the_call_comes_back(tmp_path: Path) -> None:
    async def press(session: ScriptedSession) -> None:
        await session.said()
        await session.want(SendDigits("12#"))

    async def main(phone: Phone) -> None:
        phone.engine.acts = [press]
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(4.0), HangUp()])
        await call.over()
        [record] = await phone.ended()
        assert call.played_digits == ["12#"]
        assert len(call.streams) == 2
        assert record.status is CallStatus.COMPLETED

    run(tmp_path, main)


def test_a_transfer_is_dialled_and_a_costly_number_is_not(tmp_path: Path) -> None:
    async def hand_over(session: ScriptedSession) -> None:
        await session.said()
        await session.want(Transfer("+19002222222"))
        await session.want(Transfer(BEN))

    async def main(phone: Phone) -> None:
        phone.engine.acts = [hand_over]
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(10.0)])
        await call.over()
        [record] = await phone.ended()
        assert call.dialled == [BEN]
        assert len(phone.engine.sessions[0].refused) == 1
        assert record.status is CallStatus.COMPLETED

    run(tmp_path, main)


def test_a_call_that_lasts_too_long_is_wrapped_up_and_ended(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        call = await phone.twilio.ring_in(ANN, steps=[Quiet(60.0)])
        await call.over()
        [record] = await phone.ended()
        assert record.end_reason is EndReason.TOO_LONG
        assert "wrap up" in phone.engine.sessions[0].informed[0]

    setup = Setup()
    setup.limits = setup.limits.model_copy(update={"longest_inbound": 10.0, "wrap_up": 3.0})
    run(tmp_path, main, setup)


def test_a_call_is_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()

    async def main(phone: Phone) -> None:
        call = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), Speak(tone(1.0)), HangUp()])
        await call.over()
        [record] = await phone.ended()
        assert record.recording is not None
        assert (folder / record.recording.file).is_file()
        assert record.recording.seconds > 1.0

    run(tmp_path, main, Setup(recordings=folder))


@pytest.mark.parametrize("drops", [False, True])
def test_a_caller_who_goes_at_any_moment_leaves_nothing_behind(
    tmp_path: Path, *, drops: bool
) -> None:
    async def main(phone: Phone) -> None:
        phone.engine.opening_seconds = 1.0
        phone.twilio.add_person(BEN, Person([Quiet(30.0)], ring=0.5))
        calls = []
        for number in range(12):
            if number % 2:
                await phone.switchboard.place(TASK)
                call = await phone.twilio.next_call()
            else:
                leaves = [Quiet(0.25 * number), DropSocket()] if drops else []
                call = await phone.twilio.ring_in(ANN, steps=[*leaves, Quiet(30.0)])
            calls.append(call)
        for call in calls:
            await asyncio.sleep(0.03)
            call.hang_up()
        for call in calls:
            await call.over()
        for _ in range(2000):
            if not phone.switchboard.calls:
                break
            await asyncio.sleep(0.01)
        assert not phone.switchboard.calls
        assert await phone.store.active() == []
        assert phone.kit.limits.may_call(phone.kit.now(), ANN, "inbound") is None

    run(tmp_path, main)


@pytest.mark.slow
def test_twenty_calls_at_once(tmp_path: Path) -> None:
    async def main(phone: Phone) -> None:
        steps = [Hear(0.2), Speak(tone(2.0)), Quiet(0.5), HangUp()]
        calls = [
            await phone.twilio.ring_in(f"+1555000{number:04}", steps=steps)
            for number in range(1000, 1020)
        ]
        for call in calls:
            await call.over()
        records = await phone.ended(20)
        assert {record.status for record in records} == {CallStatus.COMPLETED}
        assert not any(call.errors or call.stream.violations for call in calls)

    run(tmp_path, main, Setup(speed=1.0))
