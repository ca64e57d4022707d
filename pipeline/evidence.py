"""Evidence that adds up: what counted for or against the bot being meant, and how much.

Sans I/O.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """One feature of an utterance or of its place in the conversation."""

    feature: str
    """What it is, for people to read. Names may stand in it, other words do not."""

    weight: float
    """Log-odds in favour of the bot."""

    def __str__(self) -> str:
        """Return both, as they stand in ``why``."""
        return f"{self.feature} {self.weight:+.1f}"


def total(evidence: Sequence[Evidence]) -> float:
    """Return the log-odds of all evidence together."""
    return math.fsum(item.weight for item in evidence)


def probability(log_odds: float) -> float:
    """Return the probability, in [0, 1], of log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))


def log_odds(of: float) -> float:
    """Return the log-odds of a probability; infinite at 0 and 1."""
    if of in {0.0, 1.0}:
        return math.copysign(math.inf, of - 0.5)
    return math.log(of / (1.0 - of))
