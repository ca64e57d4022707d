"""Sans-I/O: how much may be called; what was called is the argument, and the time.

Windows roll: "a day" is the last 24 hours. So nobody can spend two days' worth around midnight,
and no time zone matters. Minutes are counted as the provider bills them, begun ones whole; a call
that runs holds the minutes it may yet need, so that many at once do not exceed the limit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.phone.calls.config import BudgetConfig, LimitsConfig
from server.phone.calls.status import Direction

MONTH = timedelta(days=30)

_WINDOWS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": MONTH}

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Spent:
    """One attempt at a call: what it has spent, or may yet."""

    id: str
    """Of the attempt."""

    number: str
    """Of the other side; empty when it is withheld."""

    direction: Direction
    began: datetime
    seconds: float
    """Seconds that are billed, or, while it runs, the most it may take."""

    running: bool = False
    message: bool = False
    """Whether the caller could only leave a message."""

    @property
    def minutes(self) -> int:
        """Begun minutes; 0 when nobody answered."""
        return billed_minutes(self.seconds)


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A call may not be made or taken now."""

    limit: str
    """The setting that says so, such as ``phone.limits.total.minutes_per_day``."""

    message: str
    """What happened and what to do, for people."""

    free_at: datetime | None
    """When enough has rolled out of the window; ``None`` when a call has to end first, or never."""

    too_many_at_once: bool = False
    """Whether only too many calls run at this moment."""


class Limits:
    """Follows what is spent, and says what may be.

    Args:
        config: The limits.
        past: What was spent in the last 30 days, as the store has it; so limits survive a restart.

    """

    def __init__(self, config: LimitsConfig, past: Iterable[Spent] = ()) -> None:
        self._config = config
        self._spent = {one.id: one for one in past}

    def may_call(self, now: datetime, number: str, direction: Direction) -> LimitReached | None:
        """Return why no call with this number may begin now; ``None`` when one may."""
        return self._too_many_at_once(direction) or next(self._over_budget(now, number), None)

    def may_take_message(self, now: datetime, number: str) -> LimitReached | None:
        """Return why nobody may leave a message from this number now; ``None`` when they may."""
        running = sum(one.running and one.message for one in self._spent.values())
        if running >= self._config.concurrent_messages:
            return _too_many("concurrent_messages", running)
        return next(self._over_budget(now, number, message=True), None)

    def may_be_handed_over(self, now: datetime, number: str) -> LimitReached | None:
        """Return why no call may be handed over to this number now; ``None`` when one may.

        It may be one call more at a time than else: the caller is there already.
        """
        return next(self._over_budget(now, number), None)

    def longest_message(self, now: datetime, number: str, longest: float) -> float:
        """Return the seconds that a call with a message may last: so many, or what is left."""
        return self._left(now, number, longest, message=True)

    def longest_call(self, now: datetime, number: str, direction: Direction) -> float:
        """Return the seconds that a call beginning now may last: by its kind, and what is left."""
        inbound = direction == "inbound"
        config = self._config
        longest = config.longest_inbound if inbound else config.longest_outbound
        return self._left(now, number, longest)

    def begin(self, spent: Spent) -> None:
        """Take in that an attempt begins; its seconds are the most it may take."""
        self._forget(spent.began)
        self._spent[spent.id] = replace(spent, running=True)

    def end(self, attempt_id: str, seconds: float) -> None:
        """Take in that an attempt is over, and how many seconds are billed: 0 when unanswered."""
        if (spent := self._spent.get(attempt_id)) is not None:
            self._spent[attempt_id] = replace(spent, seconds=seconds, running=False)

    def _too_many_at_once(self, direction: Direction) -> LimitReached | None:
        running = [one for one in self._spent.values() if one.running and not one.message]
        outbound = sum(one.direction == "outbound" for one in running)
        config = self._config
        if direction == "outbound" and outbound >= config.concurrent_outbound:
            return _too_many("concurrent_outbound", outbound)
        if len(running) >= config.concurrent_calls:
            return _too_many("concurrent_calls", len(running))
        return None

    def _left(self, now: datetime, number: str, longest: float, *, message: bool = False) -> float:
        left = (
            (limit - self._minutes(spent)) * _MINUTE
            for limit, spent in self._minute_limits(now, number, message=message)
        )
        return max(0.0, min((longest, *left)))

    def _over_budget(
        self, now: datetime, number: str, *, message: bool = False
    ) -> Iterator[LimitReached]:
        for scope, budget, all_spent in self._scopes(number, message=message):
            for name, window in _WINDOWS.items():
                spent = [one for one in all_spent if one.began > now - window]
                calls: int | None = getattr(budget, f"calls_per_{name}")
                minutes: int | None = getattr(budget, f"minutes_per_{name}")
                if calls is not None and len(spent) >= calls:
                    free_at = _free_at(spent, window, len(spent) - calls + 1, by_calls=True)
                    yield _over(f"{scope}.calls_per_{name}", f"{len(spent)} calls", free_at)
                used = self._minutes(spent)
                if minutes is not None and used >= minutes:
                    free_at = _free_at(spent, window, used - minutes + 1, by_calls=False)
                    yield _over(f"{scope}.minutes_per_{name}", f"{used} minutes", free_at)

    def _minute_limits(
        self, now: datetime, number: str, *, message: bool
    ) -> Iterator[tuple[int, list[Spent]]]:
        for _, budget, all_spent in self._scopes(number, message=message):
            for name, window in _WINDOWS.items():
                minutes: int | None = getattr(budget, f"minutes_per_{name}")
                if minutes is not None:
                    yield minutes, [one for one in all_spent if one.began > now - window]

    def _scopes(
        self, number: str, *, message: bool
    ) -> Iterator[tuple[str, BudgetConfig, list[Spent]]]:
        every = list(self._spent.values())
        yield "total", self._config.total, every
        # Callers who hide their number are one, as they might be.
        yield "per_number", self._config.per_number, [one for one in every if one.number == number]
        if message:
            yield "messages", self._config.messages, [one for one in every if one.message]

    @staticmethod
    def _minutes(spent: Iterable[Spent]) -> int:
        return sum(one.minutes for one in spent)

    def _forget(self, now: datetime) -> None:
        old = [
            one.id for one in self._spent.values() if not one.running and one.began <= now - MONTH
        ]
        for attempt_id in old:
            del self._spent[attempt_id]


def billed_minutes(seconds: float) -> int:
    """Return the minutes that are billed: begun ones count whole."""
    return math.ceil(max(0.0, seconds) / _MINUTE)


def _too_many(setting: str, running: int) -> LimitReached:
    calls = "1 call is" if running == 1 else f"{running} calls are"
    return LimitReached(
        f"phone.limits.{setting}",
        f"{calls} running already: end one, or raise phone.limits.{setting}",
        None,
        too_many_at_once=True,
    )


def _over(setting: str, used: str, free_at: datetime | None) -> LimitReached:
    when = f"wait until {free_at:%Y-%m-%d %H:%M} UTC, or " if free_at else ""
    return LimitReached(
        f"phone.limits.{setting}",
        f"{used} are spent: {when}raise phone.limits.{setting}",
        free_at,
    )


def _free_at(
    spent: Iterable[Spent], window: timedelta, needed: int, *, by_calls: bool
) -> datetime | None:
    """Return when that many calls or minutes have rolled out of the window."""
    for one in sorted(spent, key=lambda one: one.began):
        needed -= 1 if by_calls else one.minutes
        if needed <= 0:
            return one.began + window
    return None
