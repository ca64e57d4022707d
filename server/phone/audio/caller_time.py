"""Sans-I/O: when what the caller says was heard, on the conversation clock."""

from __future__ import annotations

import math
from typing import Final

LOOK_BACK: Final = 1.0
"""Seconds, once to twice, over which the message least delayed is looked for."""

MOST_SLEWED: Final = 0.1
"""Seconds of difference that are made up slowly; more is made up at once."""

SLEW: Final = 0.01
"""Share of a message's length by which its time moves: 0.2 ms for 20 ms of sound."""


class CallerTime:
    """Tells when each message's sound was heard, by its timestamp and its arrival.

    A message may come late, when the network stalls and then all at once, but never before its
    sound was spoken. So the one least delayed of the last seconds tells where the stream's zero
    lies on our clock, and it is followed slowly: clocks do not run alike. A stall moves nothing.
    """

    def __init__(self) -> None:
        self._zero: float | None = None
        self._least = self._least_before = math.inf
        self._since = 0.0

    def place(self, timestamp: float, seconds: float, arrived: float) -> float:
        """Return when the first sample was heard.

        Args:
            timestamp: Of the message, in seconds since the stream began.
            seconds: How long its sound is.
            arrived: When it arrived.

        """
        zero = arrived - seconds - timestamp
        if self._zero is None:
            self._zero, self._since = zero, arrived
        if arrived - self._since >= LOOK_BACK:
            self._least_before, self._least, self._since = self._least, math.inf, arrived
        self._least = min(self._least, zero)
        off = min(self._least, self._least_before) - self._zero
        if abs(off) <= MOST_SLEWED:
            off = math.copysign(min(abs(off), SLEW * seconds), off)
        self._zero += off
        return timestamp + self._zero
