"""Records of calls to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from server.phone.calls.record import AttemptRecord, CallRecord
from server.phone.calls.status import CallStatus

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""

OURS = "+15550001111"
THEIRS = "+15550002222"


def call(call_id: str = "c1", **changes: Any) -> CallRecord:
    """Return a call that we make, to begin with."""
    values: dict[str, Any] = {
        "id": call_id,
        "direction": "outbound",
        "from_": OURS,
        "to": THEIRS,
        "status": CallStatus.QUEUED,
        "started_at": NOON,
    }
    return CallRecord(**(values | changes))


def attempt(number: int = 1, **changes: Any) -> AttemptRecord:
    values: dict[str, Any] = {
        "number": number,
        "status": CallStatus.DIALING,
        "began_at": NOON,
        "provider_call_id": f"CA{number}",
    }
    return AttemptRecord(**(values | changes))
