"""Sans-I/O: whether a call that reached nobody is made again, and when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from server.phone.calls.config import RetryConfig
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.status import AnsweredBy, CallStatus, Direction, EndReason

HOPELESS_CODES = frozenset({20003, 21210, 21211, 21215})
"""Twilio's refusals that another attempt meets again: wrong credentials, a number of ours that is
none, a number called that is none, a country that the account may not call."""

_OUR_OWN = frozenset(
    {EndReason.CANCELED, EndReason.VOICEMAIL, EndReason.MACHINE, EndReason.RESTART, EndReason.AGENT}
)
"""Ends that we chose; the other side was reached, or nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How an attempt ended, as far as another depends on it."""

    number: int
    """The attempt's, from 1."""

    direction: Direction
    status: CallStatus
    reason: EndReason
    answered_by: AnsweredBy | None = None
    had_media: bool = False
    """Whether somebody heard us."""

    code: int | None = None
    """The provider's error code, when it refused to dial."""


class RetryPolicy:
    """When to dial again.

    Args:
        config: How often, and after what.
        hours: When people may be called.
        zone: By which clocks.

    """

    def __init__(self, config: RetryConfig, hours: WeeklyHours, zone: tzinfo) -> None:
        self._config = config
        self._hours = hours
        self._zone = zone

    def next_attempt(self, result: AttemptResult, now: datetime, chance: float) -> datetime | None:
        """Return when to dial again; ``None`` when not.

        Args:
            result: How the last attempt ended.
            now: When that was.
            chance: A random number in [0, 1).

        """
        if not self._worth_it(result, self._config.statuses):
            return None
        at = now + timedelta(seconds=self.delay(result.number, chance))
        return at if self._hours.contain(at, self._zone) else None

    def delay(self, attempts: int, chance: float) -> float:
        """Return the seconds to wait after that many attempts."""
        config = self._config
        delay = config.initial_delay * config.factor ** (attempts - 1)
        spread = 1.0 + config.jitter * (2.0 * chance - 1.0)
        return min(delay * spread, config.longest_delay)

    def _worth_it(self, result: AttemptResult, statuses: Collection[CallStatus]) -> bool:
        reached = result.had_media or result.answered_by is AnsweredBy.HUMAN
        return (
            result.direction == "outbound"
            and result.status in statuses
            and result.number < self._config.max_attempts
            and result.reason not in _OUR_OWN
            and result.code not in HOPELESS_CODES
            and not reached
        )
