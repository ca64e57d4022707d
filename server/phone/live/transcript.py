"""Sans-I/O: what an engine tells, as rows of the transcript and figures of the call."""

from __future__ import annotations

import statistics
from datetime import datetime
from typing import Protocol

from server.phone.calls.record import Metrics, TranscriptRow
from server.phone.engines.engine import AgentSaid, CallerSaid, ToolUsed


class WallTime(Protocol):
    """Turns a time of the conversation clock into the time of day."""

    def __call__(self, at: float, /) -> datetime:
        """Return the time of day in UTC."""


class Transcript:
    """What was said in one call, counted.

    Args:
        wall_time: Tells the time of day of what was said.

    """

    def __init__(self, wall_time: WallTime) -> None:
        self._wall_time = wall_time
        self._waits: list[float] = []
        self._turns = 0
        self._barge_ins = 0
        self._tool_seconds = 0.0
        self.spoken = 0.0
        """Seconds of the agent's voice that were heard."""

    def row(self, event: CallerSaid | AgentSaid | ToolUsed) -> TranscriptRow:
        """Take in an event, and return it as a row."""
        at = self._wall_time(event.at)
        match event:
            case CallerSaid(text=text):
                self._turns += 1
                return TranscriptRow(at, "user", text)
            case AgentSaid():
                return self._said(event, at)
            case ToolUsed(name=name, text=text, seconds=seconds):
                self._tool_seconds += seconds
                return TranscriptRow(at, "tool", text, tool=name)

    @property
    def metrics(self) -> Metrics:
        """How the call went so far."""
        ttfa = round(statistics.median(self._waits) * 1000) if self._waits else None
        return Metrics(ttfa, self._turns, self._barge_ins, round(self._tool_seconds * 1000))

    def _said(self, event: AgentSaid, at: datetime) -> TranscriptRow:
        self._barge_ins += event.interrupted
        self.spoken += event.heard_seconds
        if event.waited is not None:
            self._waits.append(event.waited)
        if not event.interrupted:
            return TranscriptRow(at, "assistant", event.text)
        heard_ms = round(event.heard_seconds * 1000)
        return TranscriptRow(at, "assistant", event.heard, interrupted=True, heard_ms=heard_ms)
