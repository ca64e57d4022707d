"""A call over its attempts."""

from __future__ import annotations

from server.phone.calls.attempt_events import AttemptEnd, EndAtProvider, ProviderReport
from server.phone.calls.state import CallState, Conclude, DialAgain
from server.phone.calls.status import CallPhase, CallStatus, EndReason

BUSY = ProviderReport(CallStatus.BUSY, 2)


def busy_call() -> CallState:
    call = CallState("outbound", 0.0)
    assert call.status is CallStatus.QUEUED
    call.attempt.dial(0.0)
    call.attempt.accept("CA1")
    call.attempt.receive_report(BUSY, 1.0)
    return call


def test_an_attempt_that_is_over_is_told_once_and_concluded() -> None:
    call = busy_call()
    assert call.status is CallStatus.ENDING
    assert call.step(1.0) == (Conclude(AttemptEnd(CallStatus.BUSY, EndReason.BUSY, 1.0)),)
    assert call.step(1.0) == ()
    call.conclude(None)
    assert call.status is CallStatus.BUSY
    assert call.deadline() is None


def test_a_retry_is_dialled_when_its_time_has_come() -> None:
    call = busy_call()
    call.step(1.0)
    call.conclude(61.0)
    assert call.status is CallStatus.RETRY_WAIT
    assert call.deadline() == call.retry_at == 61.0
    assert call.step(60.0) == ()
    assert call.step(61.0) == (DialAgain(2),)
    assert call.status is CallStatus.QUEUED
    call.attempt.dial(61.0)
    call.attempt.accept("CA2")
    call.attempt.start_stream("MZ1", 70.0)
    assert call.status is CallStatus.IN_PROGRESS
    assert call.phase is CallPhase.GREETING


def test_reports_of_an_older_attempt_do_not_touch_the_new_one() -> None:
    call = busy_call()
    call.step(1.0)
    call.conclude(61.0)
    call.step(61.0)
    call.attempt.dial(61.0)
    call.attempt.accept("CA2")
    first = call.attempt_of("CA1")
    assert first is call.attempts[0]
    first.receive_report(BUSY, 62.0)
    assert call.status is CallStatus.DIALING
    assert call.attempt_of("CA2") is call.attempt
    assert call.attempt_of("CA3") is None


def test_a_call_that_waits_can_be_canceled() -> None:
    call = busy_call()
    call.step(1.0)
    call.conclude(61.0)
    call.hang_up(EndReason.CANCELED, 10.0)
    assert call.status is CallStatus.CANCELED
    assert call.step(61.0) == ()
    assert call.end == AttemptEnd(CallStatus.CANCELED, EndReason.CANCELED, 10.0)


def test_a_call_canceled_between_attempts_has_no_other() -> None:
    call = busy_call()
    call.hang_up(EndReason.CANCELED, 1.0)
    call.conclude(61.0)
    assert call.status is CallStatus.BUSY


def test_hanging_up_reaches_the_attempt_and_sticks() -> None:
    call = CallState("inbound", 0.0, provider_id="CA1")
    call.hang_up(EndReason.REFUSED, 1.0)
    assert call.step(1.0) == (EndAtProvider("CA1", CallStatus.COMPLETED),)
    call.attempt.receive_report(ProviderReport(CallStatus.COMPLETED, 1), 2.0)
    assert call.step(2.0) == (Conclude(AttemptEnd(CallStatus.COMPLETED, EndReason.REFUSED, 2.0)),)
    call.conclude(None)
    call.conclude(5.0)
    call.hang_up(EndReason.CANCELED, 3.0)
    assert call.status is CallStatus.COMPLETED
