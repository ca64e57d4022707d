"""Reads a sentence of plain text out: numbers, units, dates, signs and names become words.

One rule after another takes what it knows; what it leaves are words without
digits, so no rule reads what another has said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.speech_text.amounts import AmountRules
from pipeline.speech_text.codes import CodeRules
from pipeline.speech_text.dates import DateRules
from pipeline.speech_text.marks import NAME, NAME_END, NO, NUMBER, YES, without_marks
from pipeline.speech_text.names import say_code, say_written_names
from pipeline.speech_text.numbers import NumberRules
from pipeline.speech_text.roman import roman_rules
from pipeline.speech_text.rules import DASH, Rule, one_of, rewriting, rule
from pipeline.speech_text.signs import comparison_rules, sign_rules
from pipeline.speech_text.vocabulary import Vocabulary

_WIDE = "\u2e80-\u9fff\uff00-\uffef"
_WIDE_SCRIPT = re.compile(f"([{_WIDE}]+)")
_CITATION = re.compile(r"\u3010[^\u3011]*(?:\u2020|\d)[^\u3011]*\u3011")
_FACE = re.compile(r"(?:(?<=\s)|^)(?:[:;]-?[)(DPp]|<3|:'\(|xD|\^\^)(?=[\s.!?]|$)")
_SHORTCODE = re.compile(r"(?<!\w):[a-z][a-z0-9_+-]+:(?!\w)")
_ARROW = re.compile(r"\s*(?:\u2192|\u21d2|\u27a1|->|=>|\u00bb(?= )|(?<=\w) > (?=[^\W\d]))\s*")

_VULGAR = {
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "⅓": "1/3",
    "⅔": "2/3",
    "⅛": "1/8",
    "⅜": "3/8",
    "⅝": "5/8",
    "⅞": "7/8",
}
_VULGAR_FRACTION = re.compile(rf"(\d)?([{''.join(_VULGAR)}])")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_POWER = re.compile(r"(?<=\d)([⁰¹⁴-⁹][⁰¹²³⁴-⁹]*|[²³][⁰¹²³⁴-⁹]+)")
_PLAIN_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉０１２３４５６７８９", "01234567890123456789")

_TIDY = (
    (r"\s*\|+", ","),
    (r"(?<=[A-Z])/(?=[A-Z])|(?<=\w)/(?=\s|$)", " "),
    (r"^-#\s", ""),
    (r"\(\s*\)|\[\s*\]|[*`\\^{}\[\]<>#~\u2500-\u259f\u203b\u2070-\u2079\u00b9]", " "),
    (r"[\u2022\u2023\u25aa\u25cb\u25cf\u25e6]|^[\u30fb\u2013\u2014]", " "),
    (r"(?<!\w)_+|_+(?!\w)|_", " "),
    (r"(?<!\w)-{1,2}(?=[a-z])", ""),
    (r"\s+(?=[,.;:!?\u2026)](?:\W|$))", ""),
    (r"(?<=[^\W\d]):(?=[^\W\d])", ": "),
    (r"\(\s+", "("),
    (r"([,;:])(?=\s*[,;:.!?])", ""),
    (r"(?<=[.!?]) \.(?!\.)", ""),
    (r"\s+", " "),
)
_TIDYING = tuple((re.compile(pattern), sign) for pattern, sign in _TIDY)
_MIDDLE_DOT = re.compile(r"\s+[\u00b7\u2027]\s+")


class Reader:
    """Reads sentences of one language.

    Args:
        words: Of the language.
        with_numbers: Whether numbers are put into words; else they stay digits.

    """

    def __init__(self, words: Vocabulary, *, with_numbers: bool = True) -> None:
        self.words = words
        self._rules = tuple(_make_rules(words)) if with_numbers else ()
        self._wordy_rules = tuple(rule for rule in self._rules if not rule.needs_digit)
        self._names = _NamesAndMarks(words)

    def read(self, text: str) -> str:
        """Return the words that are spoken for a sentence with marks."""
        words = self.read_part(text)
        return words if text[:1].isalpha() else words[:1].upper() + words[1:]

    def read_part(self, text: str) -> str:
        """Return the words for a part of a sentence."""
        text = _SHORTCODE.sub("", _FACE.sub("", _CITATION.sub(" ", text)))
        text = _MIDDLE_DOT.sub(self.words.comma, _with_plain_digits(text))
        text = self._names.say(text)
        has_digits = any(map(str.isdigit, text))
        for reading in self._rules if has_digits else self._wordy_rules:
            text = reading.apply(text)
        for pattern, sign in _TIDYING:
            text = pattern.sub(sign, text)
        return without_marks(text).strip()


def _make_rules(words: Vocabulary) -> Iterable[Rule]:
    """Make the rules of a language, in the order in which they are tried."""
    dates, numbers = DateRules(words), NumberRules(words)
    yield from _weekday_rules(words)
    for pattern, template in words.rewritten:
        yield rewriting(pattern, template)
    yield from roman_rules(words)
    yield from dates.moments()
    yield from CodeRules(words).rules()
    yield from comparison_rules(words)
    yield from dates.decades()
    yield rule(r"(?<=[A-Za-z%\u00b0])\u2013(?=\d)", words.between(words.to))
    yield from AmountRules(words).rules()
    yield from dates.years()
    yield from numbers.joined()
    if words.per_what:
        per = one_of(words.per_what)
        yield rule(
            rf"(?<=\w)/({per})(?!\w)",
            lambda m: f" {words.per} {words.per_what[m[1]]}",
            needs_digit=False,
        )
    yield from sign_rules(words)
    yield from numbers.alone()


def _weekday_rules(words: Vocabulary) -> Iterable[Rule]:
    """Make the rules for short names of weekdays: in ranges, before dates, and alone."""
    if not words.weekdays:
        return
    days, names = one_of(words.weekdays), words.weekdays
    to = words.between(words.to)
    yield rule(
        rf"\b({days})\.?(?:{DASH})({days})\b\.?(?!\.)",
        lambda m: names[m[1]] + to + names[m[2]],
        needs_digit=False,
    )
    date = rf"\d{{1,2}}(?:\. ?\d|:\d\d|\.? {words.month_pattern})|{words.month_pattern}"
    yield rule(rf"\b({days})(?:\.?(?=,? (?:{date}))|\.(?= \d))", lambda m: names[m[1]])
    yield rule(rf"^({days})$", lambda m: names[m[1]], needs_digit=False)
    yield rule(r"(?<=day)-(?=[A-Z])|(?<=[^\W\d])\u2013(?=[^\W\d])", to, needs_digit=False)


def _with_plain_digits(text: str) -> str:
    """Write digits that stand higher, lower or wider than others like them."""
    text = _VULGAR_FRACTION.sub(_at_length, text.translate(_PLAIN_DIGITS))
    return _POWER.sub(lambda m: f"^{m[0].translate(_RAISED)}", text)


def _at_length(match: re.Match[str]) -> str:
    fraction = _VULGAR[match[2]]
    return f"{match[1]} {fraction}" if match[1] else fraction


class _NamesAndMarks:
    """Replaces the marks, the names and what is written short by what is said for them."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self._long = {short.lower(): said for short, said in words.abbreviations.items()}
        self._short = re.compile(rf"(?<![\w.])(?:{one_of(self._long)})(?![\w/])", re.IGNORECASE)
        marks = "".join(words.stand_ins)
        self._stand_in = re.compile(rf"(?P<before>\w+)?(?P<space>[^\w{marks}]*)(?P<mark>[{marks}])")

    def say(self, text: str) -> str:
        parts = re.split(f"{NAME}(.*?){NAME_END}", text)
        parts[::2] = [self._say_marks(self._say_plain(part)) for part in parts[::2]]
        parts[1::2] = [say_code(part, self._words) for part in parts[1::2]]
        return "".join(parts)

    def _say_plain(self, text: str) -> str:
        """Replace names in scripts that separate words; in others they stand without spaces."""
        parts = _WIDE_SCRIPT.split(self._say_short(text))
        parts[::2] = [say_written_names(part, self._words) for part in parts[::2]]
        return "".join(parts)

    def _say_short(self, text: str) -> str:
        def say(match: re.Match[str]) -> str:
            said = self._long[match[0].lower()]
            said = said[0].upper() + said[1:] if match[0][0].isupper() else said
            ends = match[0].endswith(".") and match.end() == len(text)
            return f"{said}." if ends else said

        return self._short.sub(say, text)

    def _say_marks(self, text: str) -> str:
        words = self._words
        text = self._stand_in.sub(
            lambda m: "".join(
                (m["before"] or "", m["space"], words.stand_in(m["mark"], m["before"] or ""))
            ),
            text,
        )
        for mark, said in words.heads.items():
            if mark not in text:
                continue
            head = rf"^((?:{NUMBER}\d+[.)] )?){mark}\s*(?=\S)"
            text = re.sub(head, rf"\g<1>{said}{words.colon}", text)
            text = re.sub(rf"^\s*{mark}\s*$", said, text)
            if mark in {YES, NO}:
                text = re.sub(rf"(?<=[:\uff1a])\s*{mark}", words.joint + said, text)
        return _ARROW.sub(words.comma, text)
