"""Calls in the store: how they stand, what was said in them, and what was spent on them."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from server.phone.calls.limits import Spent
from server.phone.calls.record import (
    AttemptRecord,
    CallRecord,
    RecordError,
    TranscriptRow,
    row_from_json,
    row_to_json,
)
from server.phone.calls.status import ACTIVE_STATUSES, CallStatus, Direction
from server.store.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which calls of the past are wanted."""

    limit: int = 20
    before: str | None = None
    """Only older ones than this: the id of a call, or an RFC 3339 time."""

    status: CallStatus | None = None
    number: str | None = None
    """Of the other side, in international form."""

    direction: Direction | None = None


class CallStore:
    """Every call, running and past. Nothing here blocks the event loop.

    Every method raises StoreError when the store cannot be read or written. Cancelling one that
    changes something does not undo it; cancelling one that reads is safe.

    Args:
        database: The store.

    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: CallRecord) -> CallRecord:
        """Keep a new call; return it, or the one that was asked for before with the same key."""

        def insert(connection: sqlite3.Connection) -> CallRecord:
            if record.idempotency_key is not None:
                query = "SELECT record FROM calls WHERE idempotency_key = ?"
                known = _records(connection.execute(query, (record.idempotency_key,)))
                if known:
                    return known[0]
            _save(connection, record)
            return record

        return await self._database.run(insert)

    async def save(self, record: CallRecord) -> None:
        """Keep a call as it stands now; its transcript is :meth:`put_row`'s."""
        await self._database.run(lambda connection: _save(connection, record))

    async def put_row(self, call_id: str, number: int, row: TranscriptRow) -> None:
        """Keep a row of a transcript; one of that number is replaced.

        Args:
            call_id: Ours.
            number: Counted up through the call; the order in which rows are read is by time.
            row: The row.

        """
        values = (call_id, number, row.timestamp.timestamp(), _json(row_to_json(row)))

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO call_rows VALUES (?, ?, ?, ?)", values)

        await self._database.run(insert)

    async def get(self, call_id: str) -> CallRecord | None:
        """Return a call with its transcript, by our id or the provider's; ``None`` without one."""

        def select(connection: sqlite3.Connection) -> CallRecord | None:
            query = (
                "SELECT record FROM calls WHERE id = ?1 OR id ="
                " (SELECT call_id FROM call_attempts WHERE provider_id = ?1)"
            )
            found = _records(connection.execute(query, (call_id,)))
            return _with_transcript(connection, found[0]) if found else None

        return await self._database.run(select)

    async def active(self) -> list[CallRecord]:
        """Return the calls that have not ended, oldest first, without transcripts."""
        statuses = sorted(ACTIVE_STATUSES)
        places = ", ".join("?" * len(statuses))

        def select(connection: sqlite3.Connection) -> list[CallRecord]:
            query = f"SELECT record FROM calls WHERE status IN ({places}) ORDER BY number"  # noqa: S608 - only places
            return _records(connection.execute(query, statuses))

        return await self._database.run(select)

    async def history(self, query: HistoryQuery) -> list[CallRecord]:
        """Return calls without their transcripts, the one that began last first.

        Raises:
            ValueError: ``before`` is neither a call nor a time.

        """

        def select(connection: sqlite3.Connection) -> list[CallRecord]:
            conditions, values = _conditions(connection, query)
            where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
            text = f"SELECT record FROM calls {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - fixed words
            return _records(connection.execute(text, (*values, query.limit)))

        return await self._database.run(select)

    async def spent_since(self, at: datetime, reserve: float) -> list[Spent]:
        """Return what was spent on calls, for :class:`server.phone.calls.limits.Limits`.

        Calls that came in and were not answered are not among it: they cost nothing.

        Args:
            at: Only attempts that began after this.
            reserve: Seconds to count for attempts that have not ended.

        """

        def select(connection: sqlite3.Connection) -> list[Spent]:
            rows = connection.execute(
                "SELECT call_id, attempt, peer, direction, began, ended, seconds"
                " FROM call_attempts WHERE began > ? AND"
                " (direction = 'outbound' OR answered IS NOT NULL OR ended IS NULL)",
                (at.timestamp(),),
            )
            return [_spent(row, reserve) for row in rows]

        return await self._database.run(select)

    async def forget(self, before: datetime, spent_before: datetime) -> list[CallRecord]:
        """Forget calls that ended and began before a time; return them, for their recordings.

        Args:
            before: That time.
            spent_before: What was spent is forgotten only if it was before this too, so that
                limits over a month still hold. Of these nothing is left but number and length.

        """

        def delete(connection: sqlite3.Connection) -> list[CallRecord]:
            statuses = sorted(ACTIVE_STATUSES)
            old = f"began < ? AND status NOT IN ({', '.join('?' * len(statuses))})"
            values = (before.timestamp(), *statuses)
            gone = _records(connection.execute(f"SELECT record FROM calls WHERE {old}", values))  # noqa: S608 - only places
            connection.execute(f"DELETE FROM calls WHERE {old}", values)  # noqa: S608 - only places
            connection.execute("DELETE FROM call_rows WHERE call_id NOT IN (SELECT id FROM calls)")
            connection.execute(
                "DELETE FROM call_attempts WHERE began < ?"
                " AND call_id NOT IN (SELECT id FROM calls)",
                (min(before, spent_before).timestamp(),),
            )
            return gone

        return await self._database.run(delete)


def _save(connection: sqlite3.Connection, record: CallRecord) -> None:
    connection.execute(
        "INSERT INTO calls (id, direction, peer, status, began, ended, record, idempotency_key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " status = excluded.status, ended = excluded.ended, record = excluded.record",
        (
            record.id,
            record.direction,
            record.peer,
            record.status,
            record.started_at.timestamp(),
            _seconds(record.ended_at),
            _json(record.to_json(transcript=False)),
            record.idempotency_key,
        ),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO call_attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_attempt_values(record, attempt) for attempt in record.attempts],
    )


def _attempt_values(record: CallRecord, attempt: AttemptRecord) -> Sequence[Any]:
    return (
        record.id,
        attempt.number,
        attempt.provider_call_id,
        record.direction,
        record.peer,
        attempt.began_at.timestamp(),
        _seconds(attempt.answered_at),
        _seconds(attempt.ended_at),
        _billed(attempt),
    )


def _billed(attempt: AttemptRecord) -> float | None:
    if attempt.ended_at is None:
        return None
    if attempt.duration is not None:
        return float(attempt.duration)
    if attempt.answered_at is None:
        return 0.0
    return (attempt.ended_at - attempt.answered_at).total_seconds()


def _spent(row: Sequence[Any], reserve: float) -> Spent:
    call_id, attempt, peer, direction, began, ended, seconds = row
    return Spent(
        id=attempt_id(call_id, attempt),
        number=peer,
        direction=direction,
        began=datetime.fromtimestamp(began, UTC),
        seconds=reserve if ended is None else seconds,
        running=ended is None,
    )


def attempt_id(call_id: str, attempt: int) -> str:
    """Return the id under which an attempt's spending is known."""
    return f"{call_id}:{attempt}"


def _conditions(connection: sqlite3.Connection, query: HistoryQuery) -> tuple[list[str], list[Any]]:
    wanted: dict[str, Any] = {
        "status = ?": query.status,
        "peer = ?": query.number,
        "direction = ?": query.direction,
    }
    conditions = {text: value for text, value in wanted.items() if value is not None}
    if query.before is not None:
        found = connection.execute(
            "SELECT number FROM calls WHERE id = ?", (query.before,)
        ).fetchone()
        if found is not None:
            conditions["number < ?"] = found[0]
        else:
            conditions["began < ?"] = datetime.fromisoformat(query.before).timestamp()
    return list(conditions), list(conditions.values())


def _with_transcript(connection: sqlite3.Connection, record: CallRecord) -> CallRecord:
    query = "SELECT row FROM call_rows WHERE call_id = ? ORDER BY at, number"
    rows = []
    for (text,) in connection.execute(query, (record.id,)):
        try:
            rows.append(row_from_json(json.loads(text)))
        except RecordError as error:
            logger.warning("A row of call %s is left out: %s", record.id, error)
    return replace(record, transcript=tuple(rows))


def _records(rows: Iterable[Sequence[str]]) -> list[CallRecord]:
    """Read records; one that cannot be read must not hide the others."""
    records = []
    for (text,) in rows:
        try:
            records.append(CallRecord.from_json(json.loads(text)))
        except RecordError as error:
            logger.warning("A call is left out: %s", error)
    return records


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
