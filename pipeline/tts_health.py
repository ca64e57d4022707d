"""Which speech server is asked first: the best that is well. Sans-I/O."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_REST = 300.0
"""Seconds after which a server that failed is tried again at the latest."""


@dataclass(slots=True)
class _Server:
    failures: int = 0
    rests_until: float = float("-inf")


class ServerHealth:
    """Remembers which servers of a ladder have failed, and lets them rest.

    A rest is twice as long each time a server fails at the end of the one before.

    Args:
        servers: How many there are; they are known by their place, the best at 0.
        rest: Seconds of the first rest.

    """

    def __init__(self, servers: int, rest: float) -> None:
        self._servers = tuple(_Server() for _ in range(servers))
        self._rest = rest

    def order(self, now: float) -> tuple[int, ...]:
        """Return whom to ask, one after another.

        The best that is well comes first. Those that rest come last: better to ask them than to
        say nothing.

        Args:
            now: Seconds, on the clock of all calls.

        """
        # Sorting is stable: among the well, and among the resting, the best stays first.
        return tuple(sorted(range(len(self._servers)), key=lambda place: self._rests(place, now)))

    def on_trial(self, server: int) -> bool:
        """Whether the server has failed and not spoken since."""
        return self._servers[server].failures > 0

    def fail(self, server: int, now: float, *, retry_after: float = 0.0) -> None:
        """Take in that a server failed.

        Args:
            server: Its place.
            now: Seconds.
            retry_after: Seconds for which it wants to be left alone.

        """
        known = self._servers[server]
        if not self._rests(server, now):
            known.failures += 1
        rest = max(self._rest * 2.0 ** min(known.failures - 1, 32), retry_after)
        known.rests_until = now + min(rest, LONGEST_REST)

    def succeed(self, server: int) -> None:
        """Take in that a server has spoken a sentence to its end: it is well."""
        known = self._servers[server]
        known.failures = 0
        known.rests_until = float("-inf")

    def _rests(self, server: int, now: float) -> bool:
        return now < self._servers[server].rests_until
