"""When to try again: delays as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double up to a limit, each shortened by chance.

    Chance keeps many clients from coming back at the same moment when a gateway restarts.
    """

    first: float
    """Seconds before the first new try."""

    longest: float
    """Seconds that no delay exceeds."""

    jitter: float = 0.5
    """Part of each delay that chance may take away, in [0, 1]."""

    def delay(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait.

        Args:
            attempt: Tries that failed so far, from 1.
            chance: A random number in [0, 1).

        """
        doubled = self.first * 2.0 ** min(attempt - 1, 30)
        return min(doubled, self.longest) * (1.0 - self.jitter * chance)


RECONNECT = Backoff(first=0.25, longest=8.0)
"""A gateway on our network that restarts in 10 to 16 s should not stay unnoticed for long."""

WAIT_FOR_PEOPLE = Backoff(first=3.0, longest=15.0, jitter=0.2)
"""Something has to be approved or repaired first."""
