"""Sans-I/O: functions that the model has called and that are not answered yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.phone.engines.engine import ToolUsed

BRIDGE: Final = 1.2
"""Seconds until the caller is told that something is being looked up, when the model has not."""


@dataclass(slots=True)
class _Pending:
    name: str
    began: float
    answer_by: float
    bridge_at: float | None
    late: bool = False
    """Whether the model was told already that it takes longer, or its session is gone."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a call."""

    used: ToolUsed
    late: bool
    """Whether the model no longer waits for it under its call's id."""


class ToolCalls:
    """The calls that are carried out now.

    Args:
        patience: Seconds for which the model waits for an answer.

    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._pending: dict[str, _Pending] = {}

    @property
    def waiting(self) -> bool:
        """Whether the model waits for an answer."""
        return any(not call.late for call in self._pending.values())

    @property
    def running(self) -> bool:
        """Whether something is carried out, awaited or not."""
        return bool(self._pending)

    def begin(self, call_id: str, name: str, now: float, *, announced: bool) -> None:
        """Take in that a call is carried out.

        Args:
            call_id: The model's id of it.
            name: Of the function.
            now: The time.
            announced: Whether the caller needs not be told that it takes a moment.

        """
        bridge_at = None if announced else now + BRIDGE
        self._pending[call_id] = _Pending(name, now, now + self._patience, bridge_at)

    def finish(self, call_id: str, text: str, now: float) -> Answered | None:
        """Take in what came of a call; ``None`` when there is none of that id."""
        call = self._pending.pop(call_id, None)
        if call is None:
            return None
        return Answered(ToolUsed(call.began, call.name, text, now - call.began), call.late)

    def lose(self) -> None:
        """Take in that the session is gone that knows the calls' ids."""
        for call in self._pending.values():
            call.late, call.bridge_at = True, None

    def wants_bridge(self, now: float) -> bool:
        """Return whether the caller is to be told now that it takes a moment; once a call."""
        due = [
            call
            for call in self._pending.values()
            if call.bridge_at is not None and now >= call.bridge_at
        ]
        for call in due:
            call.bridge_at = None
        return bool(due)

    def overdue(self, now: float) -> list[str]:
        """Take out the ids for which the model shall not wait any longer."""
        found = [
            call_id
            for call_id, call in self._pending.items()
            if not call.late and now >= call.answer_by
        ]
        for call_id in found:
            self._pending[call_id].late = True
        return found

    def deadline(self) -> float | None:
        """Return when to ask for :meth:`wants_bridge` and :meth:`overdue` again."""
        bridges = [call.bridge_at for call in self._pending.values() if call.bridge_at is not None]
        limits = [call.answer_by for call in self._pending.values() if not call.late]
        return min([*bridges, *limits], default=None)
