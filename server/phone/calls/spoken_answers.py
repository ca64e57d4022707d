"""Sans-I/O: how many callers are answered with words before they are put through.

Each of them costs a minute, and whoever wants to can call as often as they like.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

MOST_AN_HOUR: Final = 60
"""Callers who are told why they are not put through, or asked for a PIN; the others are declined,
which costs nothing."""

_HOUR: Final = timedelta(hours=1)


class SpokenAnswers:
    """The last ones.

    Args:
        most: How many within any 60 minutes.

    """

    def __init__(self, most: int = MOST_AN_HOUR) -> None:
        self._most = most
        self._at: deque[datetime] = deque()

    def may_speak(self, now: datetime) -> bool:
        """Return whether one more may be answered with words; then it counts."""
        while self._at and self._at[0] <= now - _HOUR:
            self._at.popleft()
        if len(self._at) >= self._most:
            return False
        self._at.append(now)
        return True
