"""What is known of a connection, for ``/status``, metrics and ``doctor``."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import quantiles

_SAMPLES = 200


class LinkState(Enum):
    """How we stand with a gateway."""

    IDLE = "idle"
    """Nobody has asked for a connection."""

    CONNECTING = "connecting"
    READY = "ready"
    WAITING = "waiting"
    """It failed; we try again after a while."""

    REFUSED = "refused"
    """It failed in a way that only other settings can mend; we do not try."""

    CLOSED = "closed"
    """We have closed it."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of the last turns, in milliseconds."""

    count: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class GatewayStats:
    """What is known of a connection."""

    state: LinkState
    protocol: int | None
    """Version of the protocol; ``None`` while not connected."""

    server_version: str
    scopes: tuple[str, ...] | None
    """What we may do; ``None`` where the gateway does not tell."""

    error: str
    """What went wrong last, and the fix; "" when all is well."""

    reconnects: int
    """Connections that were made after the first."""

    lost_events: int
    turns: int
    failed_turns: int
    acknowledged: Latency
    """From asking until the gateway took the turn."""

    first_words: Latency
    """From asking until the first words."""

    whole_reply: Latency
    """From asking until the end."""


class LatencySamples:
    """The last times of one kind."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_SAMPLES)

    def add(self, seconds: float) -> None:
        """Count one more."""
        self._seconds.append(seconds)

    def summary(self) -> Latency:
        """Return median and 95th percentile."""
        return Latency(
            len(self._seconds), _percentile(self._seconds, 50), _percentile(self._seconds, 95)
        )


def _percentile(seconds: Sequence[float], percent: int) -> float | None:
    if not seconds:
        return None
    if len(seconds) == 1:
        return round(seconds[0] * 1000, 3)
    return round(quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000, 3)
