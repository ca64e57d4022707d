"""The record follows the call."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.phone.calls.attempt_events import ProviderReport
from server.phone.calls.standing import standing
from server.phone.calls.state import CallState
from server.phone.calls.status import AnsweredBy, CallStatus, EndReason
from tests.server.phone.calls.call_records import NOON, attempt, call


def wall_time(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def answered() -> CallState:
    state = CallState("outbound", 0.0)
    state.attempt.dial(0.0)
    state.attempt.accept("CA1")
    state.attempt.start_stream("MZ1", 10.0)
    return state


def test_a_call_as_it_runs() -> None:
    record = standing(call(), answered(), wall_time)
    assert (record.status, record.provider_call_id) == (CallStatus.IN_PROGRESS, "CA1")
    assert record.attempts[0].answered_at == wall_time(10.0)
    assert (record.ended_at, record.duration, record.end_reason) == (None, None, None)


def test_a_call_that_ended_has_the_providers_length_else_ours() -> None:
    for reported, length in (42, 42), (None, 50):
        state = answered()
        state.attempt.receive_report(
            ProviderReport(CallStatus.COMPLETED, 3, reported, AnsweredBy.HUMAN), 60.0
        )
        state.step(60.0)
        state.conclude(None)
        record = standing(call(), state, wall_time)
        assert (record.status, record.duration) == (CallStatus.COMPLETED, length)
        assert record.ended_at == wall_time(60.0)
        assert record.end_reason is EndReason.HUNG_UP
        assert record.answered_by is AnsweredBy.HUMAN


def test_a_call_that_waits_to_be_made_again_and_is() -> None:
    state = CallState("outbound", 0.0)
    state.attempt.dial(0.0)
    state.attempt.accept("CA1")
    state.attempt.receive_report(ProviderReport(CallStatus.BUSY, 2), 5.0)
    state.step(5.0)
    state.conclude(65.0)
    record = standing(call(), state, wall_time)
    assert (record.status, record.retry_at) == (CallStatus.RETRY_WAIT, wall_time(65.0))
    state.step(65.0)
    state.attempt.dial(65.0)
    record = standing(record, state, wall_time)
    assert [one.status for one in record.attempts] == [CallStatus.BUSY, CallStatus.DIALING]
    assert (record.attempt, record.retry_at) == (2, None)
    assert record.attempts[0].duration == 0


def test_attempts_before_a_restart_stay_in_the_record() -> None:
    before = call(status=CallStatus.RETRY_WAIT, attempts=(attempt(status=CallStatus.BUSY),))
    state = CallState.waiting(30.0, earlier=1)
    record = standing(before, state, wall_time)
    assert (record.status, record.attempt) == (CallStatus.RETRY_WAIT, 1)
    state.step(30.0)
    state.attempt.dial(30.0)
    record = standing(record, state, wall_time)
    assert [one.number for one in record.attempts] == [1, 2]
    assert record.attempts[0].status is CallStatus.BUSY
