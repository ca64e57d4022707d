"""Dates, times of day and years."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.speech_text.marks import AGO, SOON
from pipeline.speech_text.rules import DASH, END, START, Rule, one_of, rule
from pipeline.speech_text.vocabulary import FIRST_YEAR, LAST_YEAR, Vocabulary

_Match = re.Match[str]

_ISO = (
    r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?"
    r"(?:Z| ?UTC|[+-]\d\d:?\d\d)?)?"
)
_HALF_OF_DAY = r" ?[AaPp]\.?[Mm]\b"
_SHORT_YEAR, _CENTURY = 2, 2000
_MONTHS, _DAYS = 12, 31


class DateRules:
    """Makes the rules of one language."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words

    def moments(self) -> Iterable[Rule]:
        """Make the rules for dates and times of day."""
        words = self._words
        time = f"(?:{_anonymous(words.time)})"
        until = words.between(words.to)
        yield rule(rf"([{SOON}{AGO}])(\d+) ({one_of(words.spans)})", self._distance)
        yield rule(rf"\b{_ISO}{END}", self._iso)
        yield rule(rf"({START}{time})(?:{DASH})(?={time})", lambda m: m[1] + until)
        yield rule(
            rf"({START}\d{{1,2}})(?:{DASH})(?=\d{{1,2}}(?::\d\d)?{_HALF_OF_DAY})",
            lambda m: m[1] + until,
        )
        yield rule(rf"{START}(?:{words.time})(?![\d:])", self._time)
        for pattern, say in (
            (words.day_month, self._day_first),
            (words.month_day, self._month_first),
            (words.numeric_date, self._numeric),
        ):
            if pattern:
                yield rule(rf"{START}(?:{pattern})(?!\d)", say)

    def decades(self) -> Iterable[Rule]:
        """Make the rules for decades, which look like seconds."""
        if self._words.decade:
            yield rule(self._words.decade, self._decade)

    def years(self) -> Iterable[Rule]:
        """Make the rules for years, where it is certain that they are meant."""
        words = self._words
        yield rule(rf"{START}(\d{{4}})(?:{DASH})(\d{{4}}){END}", self._span)
        if words.year_leads:
            yield rule(rf"(\b(?i:{words.year_leads}) |\()(\d{{4}})(?![.,]\d|[\w%])", self._year)
            yield rule(r"([^\W\d]\.?,? )(\d{4})(?=\))", self._year)

    def _distance(self, match: _Match) -> str:
        words = self._words
        said = words.count(match[2], words.spans[match[3]])
        return (words.soon if match[1] == SOON else words.ago).format(said)

    def _iso(self, match: _Match) -> str:
        words, found = self._words, match.groupdict()
        date = words.date(int(found["day"]), int(found["month"]), int(found["year"]))
        if found["hour"] is None:
            return date
        return f"{date}{words.comma}{words.clock(int(found['hour']), int(found['minute']))}"

    def _day_first(self, match: _Match) -> str:
        found = match.groupdict()
        before = found.get("before") or ""
        month = self._words.month_number(found["month"])
        date = self._words.day_first(int(found["day"]), month, _year(found), before)
        return f"{before} {date}".strip()

    def _month_first(self, match: _Match) -> str:
        words, found = self._words, match.groupdict()
        day, month, year = int(found["day"]), words.month_number(found["month"]), _year(found)
        if not found["until"]:
            return words.date(day, month, year)
        last = words.ordinal(int(found["until"])) + (f", {words.year(year)}" if year else "")
        return words.date(day, month, None) + words.between(words.to) + last

    def _numeric(self, match: _Match) -> str:
        found = match.groupdict()
        day, month = int(found["day"]), int(found["month"])
        if month > _MONTHS:
            day, month = month, day
        if not (0 < month <= _MONTHS and 0 < day <= _DAYS):
            return match[0]
        ends = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        if before := found.get("before"):
            return f"{before} {self._words.day_first(day, month, _year(found), before)}{ends}"
        return self._words.date(day, month, _year(found)) + ends

    def _time(self, match: _Match) -> str:
        found = match.groupdict()
        hour = next(value for name, value in found.items() if name.endswith("hour") and value)
        minutes = [value for name, value in found.items() if name.endswith("minute") and value]
        suffix = next((v for name, v in found.items() if name.endswith("suffix") and v), "")
        time = self._words.clock(int(hour), int(minutes[0]) if minutes else 0, suffix)
        if suffix.endswith(".") and match.end() == len(match.string):
            return f"{time}."
        unit = self._words.units["s"]
        second = found.get("second")
        if second is None:
            return time
        return f"{time}{self._words.comma}{self._words.count(str(int(second)), unit)}"

    def _decade(self, match: _Match) -> str:
        return self._words.decade_name(int(match["decade"]), match["ending"])

    def _span(self, match: _Match) -> str:
        first, last = int(match[1]), int(match[2])
        between = self._words.between(self._words.to)
        if not FIRST_YEAR <= first <= last <= LAST_YEAR:
            return match[1] + between + match[2]
        return self._words.year(first) + between + self._words.year(last)

    def _year(self, match: _Match) -> str:
        year = int(match[2])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            return match[0]
        return match[1] + self._words.year(year)


def _year(found: dict[str, str | None]) -> int | None:
    year = found.get("year")
    if not year:
        return None
    return int(year) if len(year) > _SHORT_YEAR else _CENTURY + int(year)


def _anonymous(pattern: str) -> str:
    """Return a pattern without the names of its groups, to be used a second time."""
    return re.sub(r"\?P<\w+>", "?:", pattern)
