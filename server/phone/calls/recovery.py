"""Sans-I/O: what becomes of the calls that were running when the service stopped.

The media socket broke with the service, so no call can be gone on with: the provider is asked how
each ended, and what still runs there is ended. Only calls that wait to be dialled again go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.phone.calls.record import CallRecord
from server.phone.calls.status import DESCRIPTIONS, AnsweredBy, CallStatus, EndReason

LATEST_RETRY = timedelta(minutes=10)
"""By how much a retry may be late: nobody is surprised by a call that was meant for yesterday."""

_PATIENCE = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds between questions to a provider that cannot be reached. What runs there ends by the time
limit that it was given."""


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """A call as the provider has it."""

    provider_id: str
    status: CallStatus
    seconds: int | None = None
    ended_at: datetime | None = None
    answered_by: AnsweredBy | None = None


@dataclass(frozen=True, slots=True)
class FetchCall:
    """Ask the provider how the call stands, then :func:`settle`."""

    call_id: str
    provider_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FindCall:
    """Ask the provider whether it dialled at all: it may have, and its answer was lost.

    The first of its calls between these numbers since then is the one; then :func:`settle`.
    """

    call_id: str
    from_: str
    to: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class ResumeRetry:
    """Dial again then."""

    call_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EndAtProvider:
    """The provider shall end a call that still runs there: POST ``Status=<status>``."""

    call_id: str
    provider_id: str
    status: CallStatus


@dataclass(frozen=True, slots=True)
class Close:
    """The call is over: keep this record of it."""

    record: CallRecord


RecoveryAction = FetchCall | FindCall | ResumeRetry | EndAtProvider | Close


def plan(active: Iterable[CallRecord], now: datetime) -> tuple[RecoveryAction, ...]:
    """Return what to do first about the calls that had not ended."""
    return tuple(_first_step(record, now) for record in active)


def settle(
    record: CallRecord, found: ProviderCall | None, now: datetime
) -> tuple[RecoveryAction, ...]:
    """Return what becomes of a call, now that the provider has answered.

    Args:
        record: As it was kept.
        found: What the provider says; ``None`` when it knows of no such call.
        now: The time.

    """
    if found is None:
        return (Close(closed(record, CallStatus.FAILED, EndReason.RESTART, now)),)
    record = _known_as(record, found)
    if not found.status.is_final:
        status = _way_to_end(record, found)
        over = closed(record, CallStatus.FAILED, EndReason.RESTART, now)
        return EndAtProvider(record.id, found.provider_id, status), Close(over)
    at = found.ended_at or now
    match found.status:
        case CallStatus.BUSY:
            over = closed(record, found.status, EndReason.BUSY, at)
        case CallStatus.NO_ANSWER:
            over = closed(record, found.status, EndReason.NO_ANSWER, at)
        case CallStatus.COMPLETED if record.status.rank < CallStatus.IN_PROGRESS.rank:
            # Somebody answered while nobody was here to talk with them.
            over = closed(record, CallStatus.FAILED, EndReason.RESTART, at, found.seconds)
        case _:
            over = closed(record, found.status, EndReason.RESTART, at, found.seconds)
    return (Close(over),)


def ask_again(
    action: FetchCall | FindCall, record: CallRecord, tries: int, now: datetime
) -> RecoveryAction:
    """Return what to do when the provider could not be reached.

    Args:
        action: What it was to be asked.
        record: As it was kept.
        tries: How often it was asked already, from 1.
        now: The time.

    """
    if tries > len(_PATIENCE):
        return Close(closed(record, CallStatus.FAILED, EndReason.RESTART, now))
    return replace(action, at=now + timedelta(seconds=_PATIENCE[tries - 1]))


def _first_step(record: CallRecord, now: datetime) -> RecoveryAction:
    if record.status is CallStatus.RETRY_WAIT:
        return _retry_or_close(record, now)
    if record.provider_call_id is not None:
        return FetchCall(record.id, record.provider_call_id, now)
    if record.status is CallStatus.QUEUED:
        return Close(closed(record, CallStatus.FAILED, EndReason.RESTART, now))
    since = record.attempts[-1].began_at if record.attempts else record.started_at
    return FindCall(record.id, record.from_, record.to, since, now)


def _retry_or_close(record: CallRecord, now: datetime) -> RecoveryAction:
    if record.retry_at is not None and record.retry_at + LATEST_RETRY >= now:
        return ResumeRetry(record.id, max(record.retry_at, now))
    return Close(closed(record, CallStatus.FAILED, EndReason.RESTART, now))


def _way_to_end(record: CallRecord, found: ProviderCall) -> CallStatus:
    """Return how the provider wants to be told: calls that are not answered yet are canceled."""
    unanswered = record.direction == "outbound" and found.status is not CallStatus.IN_PROGRESS
    return CallStatus.CANCELED if unanswered else CallStatus.COMPLETED


def _known_as(record: CallRecord, found: ProviderCall) -> CallRecord:
    """Return the record with what only the provider knew."""
    answered_by = found.answered_by or record.answered_by
    attempts = record.attempts
    if attempts:
        last = replace(attempts[-1], provider_call_id=found.provider_id, answered_by=answered_by)
        attempts = (*attempts[:-1], last)
    return replace(
        record, provider_call_id=found.provider_id, answered_by=answered_by, attempts=attempts
    )


def closed(
    record: CallRecord,
    status: CallStatus,
    reason: EndReason,
    at: datetime,
    seconds: int | None = None,
) -> CallRecord:
    """Return the record of a call that is over, and of which nobody followed the end.

    Args:
        record: As it was kept.
        status: How it ended.
        reason: Why.
        at: When.
        seconds: How long the last attempt was; ``None`` to count from its answer.

    """
    error = DESCRIPTIONS.get(reason)
    attempts = record.attempts
    if attempts and attempts[-1].ended_at is None:
        last = attempts[-1]
        if seconds is None:
            answered_at = last.answered_at
            seconds = 0 if answered_at is None else round((at - answered_at).total_seconds())
        ended = replace(
            last, status=status, ended_at=at, duration=seconds, end_reason=reason, error=error
        )
        attempts = (*attempts[:-1], ended)
    return replace(
        record,
        status=status,
        ended_at=at,
        duration=seconds or 0,
        end_reason=reason,
        error=error,
        attempts=attempts,
        retry_at=None,
    )
