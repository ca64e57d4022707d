"""Phrases that come again and again without a break, which is how a decoder loops. Sans I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.spoken_units import split_units

LONGEST_PHRASE = 30
"""Units of the longest phrase that is looked for."""

LONG_PHRASE = 6
"""Units from which a phrase is so long that nobody says it three times running."""

_LEAST_UNITS = 8
_LEAST_REPEATS = 4
_LEAST_LONG_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Loop:
    """A phrase that comes again and again."""

    start: int
    """Index of the unit where it begins."""

    length: int
    """Units of the phrase."""

    end: int
    """Index past the last repeated unit; the last round may be broken off."""


def find_loop(units: Sequence[str]) -> Loop | None:
    """Return the loop of the shortest phrase; ``None`` when people repeat themselves so.

    Four times and eight units in all, or three times a phrase of six units and more.
    """
    for length in range(1, min(LONGEST_PHRASE, len(units) // 2) + 1):
        same = 0
        for at in range(length, len(units) + 1):
            if at < len(units) and units[at] == units[at - length]:
                same += 1
                continue
            if _is_loop(length, same):
                return Loop(at - length - same, length, at)
            same = 0
    return None


def cut_loop(text: str, loop: Loop) -> str:
    """Return ``text`` with the phrase said once."""
    once = _prefix(text, loop.start + loop.length)
    rest = text[len(_prefix(text, loop.end)) :]
    return f"{once.rstrip()} {rest.lstrip()}".strip()


def count_rounds(units: Sequence[str]) -> int:
    """Return how many times the shortest phrase comes that all units are a repetition of."""
    for length in range(1, len(units) + 1):
        rounds, left = divmod(len(units), length)
        if not left and list(units[:length]) * rounds == list(units):
            return rounds
    return 0


def _is_loop(length: int, same: int) -> bool:
    rounds = 1 + same // length
    long = length >= LONG_PHRASE and rounds >= _LEAST_LONG_REPEATS
    return long or (rounds >= _LEAST_REPEATS and rounds * length >= _LEAST_UNITS)


def _prefix(text: str, units: int) -> str:
    """Return the beginning of a text that holds so many units, and what parts them from more."""
    ends = range(len(text) + 1)
    end = bisect_right(ends, units, key=lambda end: len(split_units(text[:end])))
    return text[: end - 1]
