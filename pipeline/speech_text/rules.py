"""Rules by which what is written short in a sentence becomes words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

START = r"(?<![A-Za-z\d_.,])"
"""Before a number: nothing that would make it part of something else."""

END = r"(?![A-Za-z\d_])"

DASH = r" ?[\u2013\u2014\u301c\uff5e] ?|[-~]"
"""Between the ends of a range."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Replaces what a pattern finds."""

    pattern: re.Pattern[str]

    say: Callable[[re.Match[str]], str]
    """Returns the words for what was found."""

    needs_digit: bool = True
    """Whether it finds nothing in a text without digits, so that it need not be tried."""

    def apply(self, text: str) -> str:
        """Return the text with the words in it."""
        return self.pattern.sub(self.say, text)


def rule(
    pattern: str, say: Callable[[re.Match[str]], str] | str, *, needs_digit: bool = True
) -> Rule:
    """Make a rule; words that are always the same are given as they are."""
    if isinstance(say, str):
        return Rule(re.compile(pattern), _saying(say), needs_digit)
    return Rule(re.compile(pattern), say, needs_digit)


def rewriting(pattern: str, template: str) -> Rule:
    """Make a rule that writes what it finds otherwise, with its groups."""
    return rule(pattern, lambda match: match.expand(template))


def one_of(words: Iterable[str]) -> str:
    """Return a pattern of any of the words, the longest first."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _saying(words: str) -> Callable[[re.Match[str]], str]:
    return lambda _: words
