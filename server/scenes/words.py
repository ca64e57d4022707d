"""Word error rate, equal to jiwer's on lower-case text without punctuation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from rapidfuzz.distance import Levenshtein


def words(text: str) -> list[str]:
    """Split into lower-case words without punctuation."""
    kept = (letter for letter in text.lower() if not unicodedata.category(letter).startswith("P"))
    return "".join(kept).split()


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Return words to substitute, delete or insert per true word.

    Args:
        pairs: What was said and what was recognised, one pair an utterance.

    Returns:
        The rate over all pairs; ``None`` when no true word was said.

    """
    errors = total = 0
    for said, recognised in pairs:
        truth = words(said)
        errors += Levenshtein.distance(truth, words(recognised))
        total += len(truth)
    return errors / total if total else None
