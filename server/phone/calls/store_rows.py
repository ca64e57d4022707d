"""Records of calls as rows of the store, and back."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.phone.calls.record import (
    AttemptRecord,
    CallRecord,
    RecordError,
    TranscriptRow,
    row_from_json,
    row_to_json,
)

logger = logging.getLogger(__name__)


def save_record(connection: sqlite3.Connection, record: CallRecord) -> None:
    """Keep a record, in place of the one that is kept of this call; its transcript stays."""
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


def with_transcript(connection: sqlite3.Connection, record: CallRecord) -> CallRecord:
    """Return a record with what is kept of what was said."""
    query = "SELECT row FROM call_rows WHERE call_id = ? ORDER BY at, number"
    rows = []
    for (text,) in connection.execute(query, (record.id,)):
        try:
            rows.append(row_from_json(json.loads(text)))
        except RecordError as error:
            logger.warning("A row of call %s is left out: %s", record.id, error)
    return replace(record, transcript=tuple(rows))


def read_records(rows: Iterable[Sequence[str]]) -> list[CallRecord]:
    """Read records; one that cannot be read must not hide the others."""
    records = []
    for (text,) in rows:
        try:
            records.append(CallRecord.from_json(json.loads(text)))
        except RecordError as error:
            logger.warning("A call is left out: %s", error)
    return records


def row_text(row: TranscriptRow) -> str:
    """Return a row of a transcript as it is kept."""
    return _json(row_to_json(row))


def _json(value: dict[str, Any]) -> str:
    """Return JSON as SQLite takes it: half a character, as a model may write one, is left out."""
    return json.dumps(value, ensure_ascii=False).encode(errors="ignore").decode()


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
