"""Whether words that were recognised are the bot's own, heard through someone's microphone.

The last guard against echo, for what got past the ear (:mod:`pipeline.echo`):
the recogniser mishears an echo, but keeps its order. Sans I/O.
"""

from __future__ import annotations

from typing import Final

from rapidfuzz.distance import Levenshtein

from pipeline.names import split_words

FEWEST_WORDS: Final = 3
"""Words below which nothing is called echo: people repeat a word or two, as a question."""

SHARE: Final = 0.75
"""Of the words heard, how many must have been played, in this order."""

ALIKE: Final = 0.7
"""Likeness in [0, 1] from which two words are taken for one that was misheard."""

_GAP_COST: Final = 0.25  # of a word, for each played word that was left out in between


def is_echo_of(heard: str, played: str) -> bool:
    """Tell whether a transcript is (a misheard part of) what the bot just said.

    Words that were heard must come in the order in which they were played and
    close together, and most of them must be there. Words of the person's own
    (``no, I said ten past five``) make it theirs.

    Args:
        heard: What was recognised.
        played: What was played in the seconds before, as text.

    """
    ours = [word.text for word in split_words(heard)]
    theirs = [word.text for word in split_words(played)]
    if len(ours) < FEWEST_WORDS or not theirs:
        return False
    return _best_match(ours, theirs) >= SHARE * len(ours)


def _best_match(heard: list[str], played: list[str]) -> float:
    """Return how many words are found in order, less what the gaps between them cost.

    A local alignment (Smith and Waterman, 1981): where it begins and ends in
    what was played is free.
    """
    above = [0.0] * (len(played) + 1)
    for word in heard:
        row = [0.0]
        for index, other in enumerate(played):
            row.append(
                max(
                    above[index] + _likeness(word, other),
                    above[index + 1],  # a word that was not played counts nothing
                    row[index] - _GAP_COST,
                )
            )
        above = row
    return max(above)


def _likeness(word: str, other: str) -> float:
    """Return 1.0 for the same word, less for one that was misheard, 0.0 for another."""
    if word == other:
        return 1.0
    likeness: float = Levenshtein.normalized_similarity(word, other, score_cutoff=ALIKE)
    return likeness
