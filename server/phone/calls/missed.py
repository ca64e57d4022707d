"""Sans-I/O: which calls did not reach the agent, and why."""

from __future__ import annotations

from typing import Final

from server.phone.calls.record import CallRecord
from server.phone.calls.status import DESCRIPTIONS, EndReason

_NEVER_PUT_THROUGH: Final = {
    EndReason.MEDIA_NEVER_CONNECTED: "the caller hung up at once, or the sound never connected",
    EndReason.NO_ANSWER: "the caller hung up before they were answered",
    EndReason.NEVER_ANSWERED: "the caller hung up before they were answered",
    EndReason.BUSY: "the line was busy",
    EndReason.FAILED: DESCRIPTIONS[EndReason.FAILED],
}


def why_missed(record: CallRecord) -> str | None:
    """Return why a call that came in did not reach the agent; ``None`` when it did, or may yet."""
    if record.direction == "outbound" or not record.status.is_final:
        return None
    if record.missed is not None:
        return record.missed
    if record.end_reason is EndReason.ENGINE and not record.metrics.turns:
        return record.error or DESCRIPTIONS[EndReason.ENGINE]
    return None if record.end_reason is None else _NEVER_PUT_THROUGH.get(record.end_reason)
