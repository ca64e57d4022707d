"""Sans-I/O: which refusals are worth a line in the log, so that strangers cannot fill it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.phone.security.refusals import Reason, Refusal, printable

MOST_LINES: Final = 5
"""Lines about one reason within :data:`PERIOD`."""

PERIOD: Final = 60.0
"""Seconds."""


@dataclass(slots=True)
class _Tally:
    since: float
    count: int = 0


class RefusalLog:
    """Turns refusals into lines; few of a kind, and how many were left out."""

    def __init__(self) -> None:
        self._tallies: dict[Reason, _Tally] = {}

    def note(self, what: str, refusal: Refusal, address: str, now: float) -> str | None:
        """Take in a refusal.

        Args:
            what: What was refused: ``webhook``, ``media socket``, ``call in``.
            refusal: Why.
            address: Where it came from; ``""`` when that does not matter.
            now: Seconds, on any clock that only goes forward.

        Returns:
            The line, or ``None`` when there were enough of them lately.

        """
        tally = self._tallies.get(refusal.reason)
        left_out = 0
        if tally is None or now - tally.since >= PERIOD:
            left_out = max(0, tally.count - MOST_LINES) if tally is not None else 0
            tally = self._tallies[refusal.reason] = _Tally(now)
        tally.count += 1
        if tally.count > MOST_LINES:
            return None
        origin = f" from {printable(address)}" if address else ""
        more = f"; {left_out} like it were left out before" if left_out else ""
        return f"refused a {what}{origin}: {refusal}{more}"
