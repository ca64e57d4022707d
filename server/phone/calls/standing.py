"""Sans-I/O: the record of a call, brought up to how the call stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from server.phone.calls.attempt import Attempt
from server.phone.calls.record import AttemptRecord, CallRecord
from server.phone.calls.state import CallState

WallTime = Callable[[float], datetime]
"""Turns a time on the clock of the calls into the time of day, in UTC."""


def standing(record: CallRecord, state: CallState, wall_time: WallTime) -> CallRecord:
    """Return the record as the call stands: status, attempts, times, who answered, why it ended."""
    attempts = (
        *record.attempts[: state.earlier],
        *(
            _attempt(number, attempt, wall_time)
            for number, attempt in enumerate(state.attempts, start=state.earlier + 1)
        ),
    )
    last = attempts[-1]
    end = state.end
    return replace(
        record,
        status=state.status,
        provider_call_id=last.provider_call_id,
        attempt=last.number,
        attempts=attempts,
        answered_by=last.answered_by,
        retry_at=None if state.retry_at is None else wall_time(state.retry_at),
        ended_at=None if end is None else wall_time(end.at),
        duration=None if end is None else last.duration or 0,
        end_reason=None if end is None else end.reason,
        error=None if end is None else end.error,
    )


def _attempt(number: int, attempt: Attempt, wall_time: WallTime) -> AttemptRecord:
    end = attempt.end
    return AttemptRecord(
        number=number,
        status=attempt.status,
        began_at=wall_time(attempt.began_at),
        provider_call_id=attempt.provider_id,
        answered_at=None if attempt.answered_at is None else wall_time(attempt.answered_at),
        ended_at=None if end is None else wall_time(end.at),
        duration=None if end is None else _seconds(attempt),
        answered_by=attempt.answered_by,
        end_reason=None if end is None else end.reason,
        error=None if end is None else end.error,
    )


def _seconds(attempt: Attempt) -> int:
    """Return the length of an attempt that is over: the provider's figure, else our own."""
    if attempt.seconds is not None:
        return attempt.seconds
    if attempt.answered_at is None or attempt.end is None:
        return 0
    return round(attempt.end.at - attempt.answered_at)
