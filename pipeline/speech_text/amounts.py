"""Amounts of money and of anything else that has a unit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.speech_text.rules import DASH, END, START, Rule, one_of, rule
from pipeline.speech_text.vocabulary import COMMON_FRACTIONS, Vocabulary

_Match = re.Match[str]

_SIGN = r"(?P<sign>(?<![A-Za-z\d)])[-\u2212+])?"
_BLANK = r"[ \u00a0\u202f]?"
_THOUSAND = 1000
_FEWEST_THOUSANDS = 10
"""Below it, a number with a large K is a name: 4K."""


class AmountRules:
    """Makes the rules of one language."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self._units = _pattern_of_units(words)

    def rules(self) -> Iterable[Rule]:
        """Make the rules; those for plain numbers come after them."""
        words = self._words
        number = f"(?:{words.number})"
        coins, scales = one_of(words.currencies), one_of(words.scales)
        amount = rf"(?:(?P<low>{number})(?:{DASH}))?(?P<amount>{number})"
        money = rf"{amount}(?: ?(?P<scale>{scales})(?!\w))?"
        yield rule(rf"(?<=\d)(?:{DASH})(?=(?:{coins}) ?\d)", words.between(words.to))
        yield rule(rf"{_SIGN}(?P<coin>{coins}) ?{money}(?:,-)?{END}", self._money)
        yield rule(rf"{START}{_SIGN}{money}{_BLANK}(?P<coin>{coins})(?!\w|-)", self._money)
        yield rule(
            rf"{START}(?:(?P<whole>\d+) )?(?P<upper>\d+)/(?P<lower>\d+){_BLANK}{self._units}",
            self._fraction,
        )
        yield rule(rf"{START}{_SIGN}{amount}{_BLANK}{self._units}", self._measure)
        yield rule(rf"{START}({number})([kKM])(?![\w-])", self._short_count)

    def _money(self, match: _Match) -> str:
        words = self._words
        currency = words.currencies[match["coin"]]
        if match["scale"]:
            scale = words.scales[match["scale"]]
            said = words.joint.join((words.say(match["amount"]), scale, currency.whole.many))
        else:
            said = words.amount(match["amount"], currency)
        return self._signed(match, said)

    def _measure(self, match: _Match) -> str:
        said = self._words.count(match["amount"], self._words.units[match["unit"]])
        return self._signed(match, said)

    def _signed(self, match: _Match, said: str) -> str:
        """Add what stands before an amount: the lower end of a range, and a sign."""
        words = self._words
        low = words.say(match["low"]) + words.between(words.to) if match["low"] else ""
        signs = {None: "", "+": words.plus + words.joint}
        return signs.get(match["sign"], words.minus + words.joint) + low + said

    def _fraction(self, match: _Match) -> str:
        upper, lower = int(match["upper"]), int(match["lower"])
        if lower not in COMMON_FRACTIONS or upper >= lower:
            return match[0]
        unit = self._words.units[match["unit"]]
        if not match["whole"]:
            return self._words.part_of(upper, lower, unit)
        mixed = self._words.mixed(int(match["whole"]), upper, lower)
        return self._words.joint.join((mixed, unit.many))

    def _short_count(self, match: _Match) -> str:
        """Say "10k" and "1.2M"."""
        words, amount = self._words, float(self._words.plain(match[1]))
        if match[2] == "M":
            million = words.scales.get("M")
            return f"{words.say(match[1])} {million}" if million else match[0]
        if match[2] == "K" and amount < _FEWEST_THOUSANDS and amount.is_integer():
            return match[0]
        return words.say(str(round(amount * _THOUSAND)))


def _pattern_of_units(words: Vocabulary) -> str:
    """Return a pattern of the units; after one of letters, no letter may follow."""
    letters = one_of(unit for unit in words.units if unit[-1].isalpha())
    signs = one_of(unit for unit in words.units if not unit[-1].isalpha())
    return rf"(?P<unit>(?:{letters})(?![A-Za-z\d]|/[A-Za-z])|{signs})"
