"""Whole numbers, decimals, fractions, ordinals and ranges of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.speech_text.rules import DASH, END, START, Rule, rule
from pipeline.speech_text.vocabulary import COMMON_FRACTIONS, Vocabulary

_Match = re.Match[str]


class NumberRules:
    """Makes the rules of one language."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self._number = f"(?:{words.number})"

    def joined(self) -> Iterable[Rule]:
        """Make the rules for numbers that something joins, and for ordinals."""
        words, number = self._words, self._number
        if words.ordinal_pattern:
            yield rule(rf"{START}(?:{words.ordinal_pattern}){END}", self._ordinal)
        yield rule(rf"{START}(\d+) (\d+)/(\d+)(?![/\d])", self._mixed)
        yield rule(rf"{START}({number})/({number})(?![/\d])", self._fraction)
        yield rule(
            rf"{START}({number}) ?[x\u00d7] ?(?={number})",
            lambda m: m[1] + words.between(words.by),
        )
        yield rule(
            rf"{START}({number})[x\u00d7](?!\w)",
            lambda m: words.joint.join((words.say(m[1]), words.times)),
        )
        yield rule(
            rf"{START}({number})(?:{DASH})(?={number}{END})",
            lambda m: m[1] + words.between(words.to),
        )
        yield rule(rf"{START}(\d+):(?=\d)", lambda m: m[1] + words.between(words.ratio))

    def alone(self) -> Iterable[Rule]:
        """Make the rules for what is left."""
        words, number = self._words, self._number
        if words.inflects_one:
            yield rule(
                r"(?P<before>\b[^\W\d]+\.? |^|[(] ?|, )1 (?=(?P<noun>[^\W\d]{2,}))",
                lambda m: f"{m['before']}{words.one(m['noun'], m['before'].strip())} ",
            )
        yield rule(rf"(?<![A-Za-z\d)])[-\u2212](?={number})", f"{words.minus}{words.joint}")
        yield rule(rf"(?<![A-Za-z\d_]){number}(?![A-Za-z\d_])", lambda m: words.bare(m[0]))

    def _ordinal(self, match: _Match) -> str:
        found = match.groupdict()
        digits = found["ordinal"] or found.get("bare_ordinal") or ""
        before = found.get("before") or ""
        after = found.get("after") or ""
        said = self._words.ordinal(int(digits.replace(",", "")), before, after)
        return f"{before} {said}".strip()

    def _mixed(self, match: _Match) -> str:
        whole, upper, lower = (int(part) for part in match.groups())
        if lower not in COMMON_FRACTIONS or upper >= lower:
            return match[0]
        return self._words.mixed(whole, upper, lower)

    def _fraction(self, match: _Match) -> str:
        upper, lower = match.groups()
        are_whole = upper.isdigit() and lower.isdigit()
        if are_whole and int(lower) in COMMON_FRACTIONS and int(upper) < int(lower):
            return self._words.fraction(int(upper), int(lower))
        return self._words.score(upper, lower)
