"""What becomes of calls that were running when the service stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.phone.calls.record import CallRecord
from server.phone.calls.recovery import (
    Close,
    EndAtProvider,
    FetchCall,
    FindCall,
    ProviderCall,
    RecoveryAction,
    ResumeRetry,
    ask_again,
    plan,
    settle,
)
from server.phone.calls.status import AnsweredBy, CallStatus, EndReason
from tests.server.phone.calls.call_records import NOON, OURS, THEIRS, attempt, call

LATER = NOON + timedelta(minutes=5)

TALKING = call(
    status=CallStatus.IN_PROGRESS,
    provider_call_id="CA1",
    attempts=(attempt(status=CallStatus.IN_PROGRESS, answered_at=NOON),),
)
RINGING = call(status=CallStatus.RINGING, provider_call_id="CA1", attempts=(attempt(),))
DIALING = call(status=CallStatus.DIALING, attempts=(attempt(provider_call_id=None),))


def closed(actions: tuple[RecoveryAction, ...]) -> CallRecord:
    last = actions[-1]
    assert isinstance(last, Close)
    assert last.record.status.is_final
    assert last.record.attempts[-1].ended_at == last.record.ended_at
    return last.record


def test_the_provider_is_asked_about_calls_that_it_knows() -> None:
    inbound = call("c2", direction="inbound", status=CallStatus.RINGING, provider_call_id="CA9")
    assert plan([TALKING, inbound], LATER) == (
        FetchCall("c1", "CA1", LATER),
        FetchCall("c2", "CA9", LATER),
    )


def test_a_call_whose_dialling_was_cut_off_is_looked_for() -> None:
    assert plan([DIALING], LATER) == (FindCall("c1", OURS, THEIRS, NOON, LATER),)


def test_a_call_that_was_never_dialled_has_failed() -> None:
    (action,) = plan([call()], LATER)
    assert isinstance(action, Close)
    assert action.record.status is CallStatus.FAILED
    assert action.record.error == "the service was restarted during the call"


@pytest.mark.parametrize(("minutes", "resumed"), [(-60, 0), (-5, 0), (10, 10)])
def test_calls_that_wait_go_on_waiting(minutes: int, resumed: int) -> None:
    at = NOON + timedelta(minutes=minutes)
    waiting = call(
        status=CallStatus.RETRY_WAIT,
        provider_call_id="CA1",
        retry_at=at,
        attempts=(attempt(status=CallStatus.BUSY, ended_at=NOON),),
    )
    (action,) = plan([waiting], NOON)
    if minutes == -60:
        assert isinstance(action, Close)
        assert action.record.retry_at is None
        assert action.record.attempts[0].status is CallStatus.BUSY
    else:
        assert action == ResumeRetry("c1", NOON + timedelta(minutes=resumed))


def test_a_conversation_that_the_provider_ended_is_completed() -> None:
    found = ProviderCall("CA1", CallStatus.COMPLETED, 120, NOON + timedelta(minutes=2))
    record = closed(settle(TALKING, found, LATER))
    assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.RESTART)
    assert (record.duration, record.ended_at) == (120, NOON + timedelta(minutes=2))


def test_who_answered_when_nobody_was_here_was_failed() -> None:
    found = ProviderCall("CA1", CallStatus.COMPLETED, 4, answered_by=AnsweredBy.HUMAN)
    record = closed(settle(RINGING, found, LATER))
    assert (record.status, record.end_reason) == (CallStatus.FAILED, EndReason.RESTART)
    assert (record.answered_by, record.duration) == (AnsweredBy.HUMAN, 4)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (CallStatus.BUSY, EndReason.BUSY),
        (CallStatus.NO_ANSWER, EndReason.NO_ANSWER),
        (CallStatus.CANCELED, EndReason.RESTART),
        (CallStatus.FAILED, EndReason.RESTART),
    ],
)
def test_calls_that_reached_nobody_end_as_the_provider_says(
    status: CallStatus, reason: EndReason
) -> None:
    record = closed(settle(RINGING, ProviderCall("CA1", status), LATER))
    assert (record.status, record.end_reason, record.duration) == (status, reason, 0)


@pytest.mark.parametrize(
    ("record", "status", "told"),
    [
        (TALKING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED),
        (RINGING, CallStatus.RINGING, CallStatus.CANCELED),
        (DIALING, CallStatus.QUEUED, CallStatus.CANCELED),
        (
            call(direction="inbound", status=CallStatus.RINGING, attempts=(attempt(),)),
            CallStatus.RINGING,
            CallStatus.COMPLETED,
        ),
    ],
)
def test_what_still_runs_at_the_provider_is_ended(
    record: CallRecord, status: CallStatus, told: CallStatus
) -> None:
    actions = settle(record, ProviderCall("CA1", status), LATER)
    assert actions[0] == EndAtProvider("c1", "CA1", told)
    after = closed(actions)
    assert after.status is CallStatus.FAILED
    assert after.provider_call_id == after.attempts[-1].provider_call_id == "CA1"
    assert after.duration == (300 if record is TALKING else 0)


def test_a_call_that_the_provider_never_heard_of_has_failed() -> None:
    assert closed(settle(DIALING, None, LATER)).status is CallStatus.FAILED


def test_a_provider_that_cannot_be_reached_is_asked_again_and_then_given_up() -> None:
    action: RecoveryAction = FetchCall("c1", "CA1", NOON)
    waits = []
    for tries in range(1, 100):
        assert isinstance(action, FetchCall)
        action = ask_again(action, TALKING, tries, NOON)
        if isinstance(action, Close):
            break
        assert isinstance(action, FetchCall)
        waits.append((action.at - NOON).total_seconds())
    assert waits == sorted(waits)
    assert sum(waits) > 900
    assert closed((action,)).end_reason is EndReason.RESTART
