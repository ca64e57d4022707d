"""What was said, as rows and figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.phone.calls.record import Metrics, TranscriptRow
from server.phone.engines.engine import AgentSaid, CallerSaid, ToolUsed
from server.phone.live.transcript import Transcript

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def wall_time(at: float) -> datetime:
    return NOON + timedelta(seconds=at)


def test_rows_have_their_times_and_what_was_heard() -> None:
    transcript = Transcript(wall_time)
    assert transcript.row(CallerSaid(1.0, "hi")) == TranscriptRow(wall_time(1.0), "user", "hi")
    whole = transcript.row(AgentSaid(2.0, "Hello.", "Hello.", 1.0, waited=0.4))
    assert whole == TranscriptRow(wall_time(2.0), "assistant", "Hello.")
    cut = transcript.row(AgentSaid(4.0, "A story.", "A", 0.25, interrupted=True, waited=0.8))
    assert (cut.text, cut.interrupted, cut.heard_ms) == ("A", True, 250)
    tool = transcript.row(ToolUsed(5.0, "ask_openclaw", "42", 0.5))
    assert (tool.role, tool.tool, tool.text) == ("tool", "ask_openclaw", "42")
    assert transcript.metrics == Metrics(600, 1, 1, 500)


def test_a_call_in_which_nobody_spoke_has_no_figures() -> None:
    assert Transcript(wall_time).metrics == Metrics()
