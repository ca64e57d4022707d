"""Whether a call is made again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from server.phone.calls.config import RetryConfig
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.retry import AttemptResult, RetryPolicy
from server.phone.calls.status import AnsweredBy, CallStatus, EndReason
from tests.server.phone.calls.call_records import NOON

BUSY = AttemptResult(1, "outbound", CallStatus.BUSY, EndReason.BUSY)
ALWAYS = WeeklyHours()


def policy(hours: WeeklyHours = ALWAYS, **settings: Any) -> RetryPolicy:
    return RetryPolicy(RetryConfig(**settings), hours, UTC)


def test_waits_grow_and_are_spread_by_chance() -> None:
    retries = policy()
    assert retries.delay(1, 0.5) == 60.0
    assert retries.delay(2, 0.5) == 120.0
    assert retries.delay(1, 0.0) == pytest.approx(54.0)
    assert retries.delay(1, 0.999999) == pytest.approx(66.0, abs=0.01)
    assert retries.delay(15, 0.999) == 3600.0


def test_a_busy_number_is_dialled_again_up_to_the_limit() -> None:
    retries = policy()
    assert retries.next_attempt(BUSY, NOON, 0.5) == NOON + timedelta(seconds=60)
    assert retries.next_attempt(replace(BUSY, number=2), NOON, 0.5) == NOON + timedelta(seconds=120)
    assert retries.next_attempt(replace(BUSY, number=3), NOON, 0.5) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (CallStatus.NO_ANSWER, EndReason.NEVER_ANSWERED),
        (CallStatus.FAILED, EndReason.MEDIA_NEVER_CONNECTED),
        (CallStatus.FAILED, EndReason.NOT_PLACED),
    ],
)
def test_others_who_reached_nobody_are_made_again(status: CallStatus, reason: EndReason) -> None:
    result = replace(BUSY, status=status, reason=reason)
    assert policy().next_attempt(result, NOON, 0.5) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"status": CallStatus.COMPLETED, "reason": EndReason.HUNG_UP},
        {"status": CallStatus.CANCELED, "reason": EndReason.CANCELED},
        {"status": CallStatus.FAILED, "reason": EndReason.RESTART},
        {"status": CallStatus.FAILED, "reason": EndReason.VOICEMAIL},
        {"status": CallStatus.FAILED, "had_media": True},
        {"status": CallStatus.FAILED, "answered_by": AnsweredBy.HUMAN},
        {"status": CallStatus.FAILED, "reason": EndReason.NOT_PLACED, "code": 21211},
        {"status": CallStatus.FAILED, "reason": EndReason.NOT_PLACED, "code": 20003},
        {"direction": "inbound"},
    ],
)
def test_these_are_not_made_again(changes: dict[str, Any]) -> None:
    assert policy().next_attempt(replace(BUSY, **changes), NOON, 0.5) is None


def test_only_after_the_ends_that_are_set() -> None:
    assert policy(statuses=("no_answer",)).next_attempt(BUSY, NOON, 0.5) is None
    assert policy(max_attempts=1).next_attempt(BUSY, NOON, 0.5) is None


def test_nobody_is_called_outside_the_hours() -> None:
    until_noon = WeeklyHours.of({"daily": "09:00-12:00"})
    retries = policy(until_noon)
    assert retries.next_attempt(BUSY, NOON - timedelta(minutes=2), 0.5) is not None
    assert retries.next_attempt(BUSY, NOON - timedelta(seconds=30), 0.5) is None
