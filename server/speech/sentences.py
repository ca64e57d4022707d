"""The sounds of a text in portions that a neural voice can speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.speech.espeak_library import Clause

EARLY = 30
"""Characters after which the first clause is spoken by itself, so that it is heard soon."""

_SENTENCE_ENDS = ".!?"


def portions(clauses: Sequence[Clause], longest: int) -> Iterator[str]:
    """Join clauses to sentences, each with its punctuation.

    Args:
        clauses: A text as espeak reads it.
        longest: Characters of a portion at most; a longer sentence is divided between clauses,
            a longer clause between words.

    Yields:
        Sentences; the first may be a part of one.

    """
    portion = ""
    begun = False
    for clause in clauses:
        for piece in _pieces(f"{clause.sounds}{clause.mark}", longest):
            if portion and len(portion) + 1 + len(piece) > longest:
                yield portion
                portion, begun = "", True
            portion = f"{portion} {piece}" if portion else piece
        if clause.mark in _SENTENCE_ENDS or (not begun and len(portion) >= EARLY):
            yield portion
            portion, begun = "", True
    if portion:
        yield portion


def _pieces(text: str, longest: int) -> Iterator[str]:
    while len(text) > longest:
        cut = text.rfind(" ", 1, longest)
        cut = longest if cut < 0 else cut
        yield text[:cut]
        text = text[cut:].lstrip()
    if text:
        yield text
