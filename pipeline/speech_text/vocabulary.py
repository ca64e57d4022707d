"""What a language must know for numbers, units, dates and signs to be read in it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from num2words import num2words

from pipeline.speech_text.block_events import LeftOut

FIRST_YEAR, LAST_YEAR = 1100, 2099
"""Numbers of four digits that may be years."""

MOST_DIGITS = 15
"""Digits beyond which a number is read digit by digit."""

COMMON_FRACTIONS = frozenset((2, 3, 4, 8))
"""Denominators that make a fraction; others are scores: 7/10."""

HOURS_AND_MINUTES = (r"\b(\d+) ?h ?(\d{1,2}) ?m(?:in)?\b", r"\1 h \2 min")
MINUTES_AND_SECONDS = (r"\b(\d+) ?m(?:in)? ?(\d{1,2}) ?s\b", r"\1 min \2 s")
"""Lengths of time as programs write them: an "m" that is no metre."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A unit or coin as it is counted."""

    one: str
    """With its number: "one metre"."""

    many: str
    """Without: "metres"."""


def count_alike(article: str, **names: str) -> dict[str, Counted]:
    """Return units that have one form for one and for many, by how they are written."""
    return {unit: Counted(f"{article} {name}", name) for unit, name in names.items()}


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency and its hundredth."""

    whole: Counted
    cent: Counted | None = None


@dataclass(frozen=True, slots=True)
class LeftOutWords:
    """What is said for something that is seen and not spoken."""

    in_channel: str
    """Where the listener can read it."""

    nowhere: str = ""
    """Where they cannot, as on the telephone."""


@dataclass(frozen=True, slots=True)
class SignWords:
    """What signs are called; a sign that is not read in the language has no word."""

    about: str
    """Before an amount."""
    is_about: str
    """Between two sides."""
    plus_minus: str
    equals: str
    is_not: str
    times: str
    divided_by: str
    root_of: str
    squared: str
    cubed: str
    to_the_power_of: str
    section: str
    """Of a law."""
    or_: str
    """For a slash between words."""
    pi: str = "pi"
    at_least: str = ""
    at_most: str = ""
    less_than: str = ""
    more_than: str = ""


class Vocabulary(ABC):
    """The words of one language.

    Numbers come as they are written, with the separators of the language.
    """

    language: ClassVar[str]
    number: ClassVar[str]
    """Pattern of a number without its sign."""
    group: ClassVar[str]
    """Signs that may separate thousands."""
    decimal: ClassVar[str]
    point: ClassVar[str]
    """The word for the decimal sign."""
    version_point: ClassVar[str]
    """The word between the parts of a version."""
    joint: ClassVar[str] = " "
    """What stands between the words of a number."""
    minus: ClassVar[str]
    plus: ClassVar[str]
    to: ClassVar[str]
    """Between the ends of a range."""
    by: ClassVar[str]
    """Between the sides of a size."""
    and_: ClassVar[str]
    """Between a whole number and a fraction."""
    times: ClassVar[str]
    """After "3x"."""
    out_of: ClassVar[str]
    number_sign: ClassVar[str]
    version: ClassVar[str]
    port: ClassVar[str]
    """Before the number of a server's port."""
    line: ClassVar[str]
    """Before the number of a line in a file."""
    ratio: ClassVar[str]
    """Between the sides of a score."""
    dot: ClassVar[str]
    at: ClassVar[str]
    digits: ClassVar[tuple[str, ...]]
    units: ClassVar[Mapping[str, Counted]]
    currencies: ClassVar[Mapping[str, Currency]]
    scales: ClassVar[Mapping[str, str]]
    """Words for a thousand and more, as they are written, and as they are said."""
    months: ClassVar[tuple[str, ...]]
    month_pattern: ClassVar[str]
    """Of a month's name or its abbreviation."""
    month_starts: ClassVar[tuple[str, ...]] = ()
    """How the months begin, in lower case and in order, enough to tell them apart."""
    day_month: ClassVar[str] = ""
    """Patterns of a date with the month's name, with groups ``day``, ``month`` and ``year``."""
    month_day: ClassVar[str] = ""
    numeric_date: ClassVar[str] = ""
    """Pattern of a date in digits, with groups ``day``, ``month`` and ``year``."""
    time: ClassVar[str] = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
    ordinal_pattern: ClassVar[str] = ""
    """With group ``ordinal``, and ``before`` when the word before it decides the ending."""
    year_leads: ClassVar[str] = ""
    """Pattern of the words after which a number of four digits is a year."""
    weekdays: ClassVar[Mapping[str, str]] = {}
    """Short names, which are said long in ranges."""
    code_leads: ClassVar[str]
    """Pattern of the words after which a number is read digit by digit."""
    number_leads: ClassVar[str] = ""
    """Pattern of abbreviations for "number" before a number."""
    per: ClassVar[str] = ""
    per_what: ClassVar[Mapping[str, str]] = {}
    """What a price or a pace is for, as it is written behind a slash, and as it is said."""
    spans: ClassVar[Mapping[str, Counted]]
    """Lengths of time as they stand in ``soon`` and ``ago``, by the names in ``moments``."""
    soon: ClassVar[str]
    """A moment to come, with braces where the length of time stands."""
    ago: ClassVar[str]
    decade: ClassVar[str] = ""
    """Pattern of a decade in digits, with groups ``decade`` and ``ending``."""
    has_roman_numbers: ClassVar[bool] = True
    inflects_one: ClassVar[bool] = False
    """Whether "1" before a noun is said otherwise than alone."""
    signs: ClassVar[SignWords]
    rewritten: ClassVar[tuple[tuple[str, str], ...]] = (HOURS_AND_MINUTES, MINUTES_AND_SECONDS)
    """Patterns of what is written short, and how it is written at length, before all else."""
    more_signs: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Patterns of signs that only this language has, and how they are said, after all else."""
    abbreviations: ClassVar[Mapping[str, str]]
    left_out: ClassVar[Mapping[LeftOut, LeftOutWords]]
    stand_ins: ClassVar[Mapping[str, str]]
    """What is said in a sentence for a link, code, a formula or a channel, by mark."""
    heads: ClassVar[Mapping[str, str]]
    """What is said at the head of a sentence for the other marks."""
    full_stop: ClassVar[str] = "."
    comma: ClassVar[str] = ", "
    colon: ClassVar[str] = ": "
    slash: ClassVar[str]
    """At the head of a command."""

    def cardinal(self, number: int) -> str:
        """Return a whole number in words."""
        return str(num2words(number, lang=self.language))

    @abstractmethod
    def ordinal(self, number: int, before: str = "", after: str = "") -> str:
        """Return an ordinal; ``before`` and ``after`` are the words around it."""

    @abstractmethod
    def date(self, day: int, month: int, year: int | None) -> str:
        """Return a date in words."""

    def day_first(self, day: int, month: int, year: int | None, before: str = "") -> str:
        """Return a date that was written with its day first; ``before`` is the word before it."""
        return self.date(day, month, year)

    @abstractmethod
    def clock(self, hour: int, minute: int, suffix: str = "") -> str:
        """Return a time of day in words; ``suffix`` is what was written behind it."""

    @abstractmethod
    def fraction(self, upper: int, lower: int) -> str:
        """Return a common fraction in words."""

    def mixed(self, whole: int, upper: int, lower: int) -> str:
        """Return a whole number and a fraction in words."""
        return f"{self.cardinal(whole)}{self.between(self.and_)}{self.fraction(upper, lower)}"

    def part_of(self, upper: int, lower: int, unit: Counted) -> str:
        """Return a common fraction of a unit in words."""
        return self.joint.join((self.fraction(upper, lower), unit.many))

    def score(self, upper: str, lower: str) -> str:
        """Return what was written as a fraction and is none; its numbers are read later."""
        return f"{upper}{self.between(self.out_of)}{lower}"

    def decade_name(self, decade: int, ending: str) -> str:
        """Return a decade in words, written with or without its century."""
        return (self.year(decade) if decade >= FIRST_YEAR else self.cardinal(decade)) + ending

    def one(self, noun: str, before: str) -> str:
        """Return how "1" is said between two words."""
        return self.cardinal(1)

    def regnal(self, number: int) -> str:
        """Return the number behind the name of a king."""
        return self.ordinal(number)

    def year(self, number: int) -> str:
        """Return a year in words."""
        return self.cardinal(number)

    def stand_in(self, mark: str, before: str) -> str:
        """Return what is said for a mark; ``before`` is the word in front of it."""
        return self.stand_ins[mark]

    def spell(self, text: str) -> str:
        """Return digits one by one, a comma between groups, a plus sign in words."""
        groups = re.findall(r"\+|\d+", text)
        words = [self.plus if group == "+" else self._digits(group) for group in groups]
        return self.comma.join(words).replace(self.plus + self.comma, f"{self.plus} ")

    def say(self, text: str) -> str:
        """Return a number in words."""
        whole, _, part = self.plain(text).partition(".")
        if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
            words = self._digits(whole)
        else:
            words = self.cardinal(int(whole))
        if part:
            words = self.joint.join((words, self.point, self._digits(part)))
        return words

    def bare(self, text: str) -> str:
        """Return a number that counts nothing, perhaps a year."""
        return self.say(text)

    def between(self, word: str) -> str:
        """Return a word that joins two numbers, with what separates it from them."""
        return f"{self.joint}{word}{self.joint}"

    def count(self, text: str, counted: Counted) -> str:
        """Return a number of units or coins in words."""
        if self.plain(text) == "1":
            return counted.one
        return self.joint.join((self.say(text), counted.many))

    def amount(self, text: str, currency: Currency) -> str:
        """Return an amount of money in words, hundredths apart."""
        whole, _, part = self.plain(text).partition(".")
        if len(part) != 2 or currency.cent is None:  # noqa: PLR2004 - hundredths are written with two digits
            return self.count(text, currency.whole)
        cents = self.count(str(int(part)), currency.cent) if int(part) else ""
        if not int(whole) and cents:
            return cents
        words = self.count(whole, currency.whole)
        return self.with_cents(words, cents) if cents else words

    def with_cents(self, whole: str, cents: str) -> str:
        """Join the two parts of an amount of money."""
        return f"{whole} {cents}"

    def month_number(self, name: str) -> int:
        """Return which month a name or its abbreviation means, from 1 on."""
        lower = name.lower().replace("ä", "a")
        return next(n for n, start in enumerate(self.month_starts, 1) if lower.startswith(start))

    def _digits(self, text: str) -> str:
        return self.joint.join(self.digits[int(digit)] for digit in text)

    def plain(self, text: str) -> str:
        """Return a number as it is written in programs."""
        for sign in self.group:
            text = text.replace(sign, "")
        return text.replace(self.decimal, ".")
