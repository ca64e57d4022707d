"""Sans-I/O: what people say of the bot's decisions, and what it learns from it.

Each correction moves how readily the bot answers in one guild when nobody named
it, by a step and within bounds. Who is named is answered whatever was learnt.
"""

from __future__ import annotations

STEP = 0.5
"""Log-odds by which one correction moves the guild's decisions."""

BOUND = 1.4
"""Log-odds beyond which no correction goes: less than what speaks for the bot when somebody is
alone with it or follows up on its reply (:mod:`pipeline.relevance`). A bot that answers everything,
or nothing, cannot be corrected any more."""


def corrected(leaning: float, *, answered: bool, right: bool) -> float:
    """Return how a guild leans after somebody judged a decision.

    Args:
        leaning: Log-odds in favour of answering so far, 0 at first.
        answered: What the bot had decided.
        right: Whether that was right; then nothing changes.

    """
    if right:
        return bounded(leaning)
    return bounded(leaning - STEP if answered else leaning + STEP)


def bounded(leaning: float) -> float:
    """Return a leaning within its bounds."""
    return min(max(leaning, -BOUND), BOUND)
