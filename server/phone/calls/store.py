"""Calls in the store: how they stand, what was said in them, and what was spent on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from server.phone.calls.limits import Spent
from server.phone.calls.missed import why_missed
from server.phone.calls.record import CallRecord, TranscriptRow
from server.phone.calls.status import ACTIVE_STATUSES, FINAL_STATUSES, CallStatus, Direction
from server.phone.calls.store_rows import read_records, row_text, save_record, with_transcript
from server.store.database import Works

_UNHEARD = (
    "ended IS NOT NULL AND json_extract(record, '$.missed') IS NOT NULL"
    " AND json_extract(record, '$.message') IS NULL"
)
"""Calls in SQL that were not put through, and in which no message was left."""


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

    def __init__(self, database: Works) -> None:
        self._database = database

    async def add(self, record: CallRecord) -> CallRecord:
        """Keep a new call; return it, or the one that was asked for before with the same key."""

        def insert(connection: sqlite3.Connection) -> CallRecord:
            if record.idempotency_key is not None:
                query = "SELECT record FROM calls WHERE idempotency_key = ?"
                known = read_records(connection.execute(query, (record.idempotency_key,)))
                if known:
                    return known[0]
            save_record(connection, record)
            return record

        return await self._database.run(insert)

    async def asked_before(self, idempotency_key: str) -> CallRecord | None:
        """Return the call that was asked for with a key, without its transcript."""

        def select(connection: sqlite3.Connection) -> CallRecord | None:
            query = "SELECT record FROM calls WHERE idempotency_key = ?"
            found = read_records(connection.execute(query, (idempotency_key,)))
            return found[0] if found else None

        return await self._database.run(select)

    async def save(self, record: CallRecord) -> None:
        """Keep a call as it stands now; its transcript is :meth:`put_row`'s."""
        await self._database.run(lambda connection: save_record(connection, record))

    async def update(
        self, call_id: str, change: Callable[[CallRecord], CallRecord]
    ) -> CallRecord | None:
        """Change what is kept of a call that is over; return it, or ``None`` without one.

        Args:
            call_id: Ours.
            change: Returns the new record of the one that is kept; runs in another thread.

        """

        def replace_one(connection: sqlite3.Connection) -> CallRecord | None:
            query = "SELECT record FROM calls WHERE id = ?"
            found = read_records(connection.execute(query, (call_id,)))
            if not found:
                return None
            changed = change(found[0])
            save_record(connection, changed)
            return changed

        return await self._database.run(replace_one)

    async def put_row(self, call_id: str, number: int, row: TranscriptRow) -> None:
        """Keep a row of a transcript; one of that number is replaced.

        Args:
            call_id: Ours.
            number: Counted up through the call; the order in which rows are read is by time.
            row: The row.

        """
        values = (call_id, number, row.timestamp.timestamp(), row_text(row))

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
            found = read_records(connection.execute(query, (call_id,)))
            return with_transcript(connection, found[0]) if found else None

        return await self._database.run(select)

    async def active(self) -> list[CallRecord]:
        """Return the calls that have not ended, oldest first, without transcripts."""
        statuses = sorted(ACTIVE_STATUSES)
        places = ", ".join("?" * len(statuses))

        def select(connection: sqlite3.Connection) -> list[CallRecord]:
            query = f"SELECT record FROM calls WHERE status IN ({places}) ORDER BY number"  # noqa: S608 - only places
            return read_records(connection.execute(query, statuses))

        return await self._database.run(select)

    async def owing(self) -> list[CallRecord]:
        """Return calls that are over and whose session has to be told what was said, oldest first.

        They come without their transcripts.
        """
        statuses = sorted(FINAL_STATUSES)
        places = ", ".join("?" * len(statuses))

        def select(connection: sqlite3.Connection) -> list[CallRecord]:
            query = (
                f"SELECT record FROM calls WHERE status IN ({places})"  # noqa: S608 - only places
                " AND json_extract(record, '$.sessionNote') = 'owed' ORDER BY number"
            )
            return read_records(connection.execute(query, statuses))

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
            return read_records(connection.execute(text, (*values, query.limit)))

        return await self._database.run(select)

    async def add_refused(self, record: CallRecord, most: int, most_of_one: int) -> None:
        """Keep a call that was not put through; without a message there are only so many of them.

        Args:
            record: The call, which is over.
            most: How many are kept; of more, the oldest are forgotten.
            most_of_one: Likewise of one number.

        """

        def insert(connection: sqlite3.Connection) -> None:
            save_record(connection, record)
            old = (
                f"SELECT number FROM calls WHERE {_UNHEARD} AND (?1 IS NULL OR peer = ?1)"  # noqa: S608 - fixed words
                " ORDER BY number DESC LIMIT -1 OFFSET ?2"
            )
            for peer, kept in ((record.peer, most_of_one), (None, most)):
                connection.execute(
                    f"DELETE FROM calls WHERE number IN ({old})",  # noqa: S608 - fixed words
                    (peer, kept),
                )

        await self._database.run(insert)

    async def missed(self, limit: int, before: str | None = None) -> list[CallRecord]:
        """Return calls that did not reach the agent, the one that began last first.

        They come without their transcripts.

        Args:
            limit: How many at most.
            before: Only older ones than this: the id of a call, or an RFC 3339 time.

        Raises:
            ValueError: ``before`` is neither a call nor a time.

        """
        query = HistoryQuery(before=before, direction="inbound")

        def select(connection: sqlite3.Connection) -> list[CallRecord]:
            conditions, values = _conditions(connection, query)
            text = "SELECT record FROM calls WHERE {} ORDER BY number DESC"
            found = connection.execute(text.format(" AND ".join(conditions)), values)
            missed = (one for row in found for one in read_records([row]) if why_missed(one))
            return list(islice(missed, limit))

        return await self._database.run(select)

    async def unwritten_messages(self) -> list[CallRecord]:
        """Return calls that are over and whose message is not written down yet, oldest first."""

        def select(connection: sqlite3.Connection) -> list[CallRecord]:
            query = (
                "SELECT record FROM calls WHERE ended IS NOT NULL"
                " AND json_extract(record, '$.message') IS NOT NULL"
                " AND json_extract(record, '$.message.text') IS NULL ORDER BY number"
            )
            return read_records(connection.execute(query))

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
                "SELECT call_id, attempt, a.peer, a.direction, a.began, a.ended, seconds,"
                " json_extract(record, '$.missed') IS NOT NULL"
                " FROM call_attempts a LEFT JOIN calls ON calls.id = call_id WHERE a.began > ? AND"
                " (a.direction = 'outbound' OR answered IS NOT NULL OR a.ended IS NULL)",
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
            gone = read_records(connection.execute(f"SELECT record FROM calls WHERE {old}", values))  # noqa: S608 - only places
            connection.execute(f"DELETE FROM calls WHERE {old}", values)  # noqa: S608 - only places
            connection.execute("DELETE FROM call_rows WHERE call_id NOT IN (SELECT id FROM calls)")
            connection.execute(
                "DELETE FROM call_attempts WHERE began < ?"
                " AND call_id NOT IN (SELECT id FROM calls)",
                (min(before, spent_before).timestamp(),),
            )
            return gone

        return await self._database.run(delete)


def _spent(row: Sequence[Any], reserve: float) -> Spent:
    call_id, attempt, peer, direction, began, ended, seconds, message = row
    return Spent(
        id=attempt_id(call_id, attempt),
        number=peer,
        direction=direction,
        began=datetime.fromtimestamp(began, UTC),
        seconds=reserve if ended is None else seconds,
        running=ended is None,
        message=bool(message),
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
