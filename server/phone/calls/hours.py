"""Sans-I/O: hours of the week, and whether a moment lies in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_WEEK = 7


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Spans of the week. None at all means always."""

    spans: tuple[tuple[int, int, int], ...] = ()
    """Day from 0 for Monday, first minute, and minute after the last; over midnight it is more
    than a day has."""

    @classmethod
    def of(cls, text: Mapping[str, str]) -> WeeklyHours:
        """Read hours as settings have them: ``{"mon-fri": "09:00-12:00, 13:00-18:00"}``.

        ``daily`` is every day; a span that ends before it begins goes over midnight.

        Raises:
            ValueError: It cannot be read; the message says how it should look.

        """
        return cls(
            tuple(
                (day, *minutes)
                for days, hours in text.items()
                for day in _days(days)
                for minutes in _spans(hours)
            )
        )

    def contain(self, at: datetime, zone: tzinfo) -> bool:
        """Return whether the moment lies in them, by the clocks of that time zone."""
        if not self.spans:
            return True
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return any(
            first <= minute + passed < end
            for day, first, end in self.spans
            # A span of yesterday may reach into today.
            for passed, today in ((0, local), (_MINUTES_A_DAY, local - timedelta(days=1)))
            if today.weekday() == day
        )


def _days(text: str) -> Iterator[int]:
    for part in text.lower().split(","):
        if part.strip() in {"daily", "every day"}:
            yield from range(_WEEK)
            continue
        first, _, last = (name.strip()[:3] for name in part.partition("-"))
        if first not in _DAYS or (last and last not in _DAYS):
            raise ValueError(
                f'{part.strip()!r} is no day: write "mon", "sat,sun", "mon-fri", "daily"'
            )
        start = _DAYS.index(first)
        length = (_DAYS.index(last or first) - start) % _WEEK + 1
        yield from ((start + number) % _WEEK for number in range(length))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        numbers = tuple(map(int, found.groups())) if found else ()
        if not numbers or not _is_time(*numbers[:2]) or not _is_time(*numbers[2:]):
            raise ValueError(f'{part.strip()!r} is no span of hours: write "09:00-18:00"')
        first = numbers[0] * 60 + numbers[1]
        end = numbers[2] * 60 + numbers[3]
        yield first, end if end > first else end + _MINUTES_A_DAY


def _is_time(hour: int, minute: int) -> bool:
    return (hour < 24 and minute < 60) or (hour, minute) == (24, 0)  # noqa: PLR2004 - a clock
