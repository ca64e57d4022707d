"""Shares and percentiles as the summary has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of delays, in milliseconds."""

    p50: int
    p95: int


def share(outcomes: Iterable[bool]) -> float | None:
    """Return how many of them hold; ``None`` when there are none."""
    counted = list(outcomes)
    return round(sum(counted) / len(counted), 4) if counted else None


def percentiles(seconds: Iterable[float]) -> Percentiles | None:
    """Return them linear between the two nearest ranks; ``None`` when there are no delays."""
    counted = list(seconds)
    if not counted:
        return None
    p50, p95 = np.percentile(counted, [50, 95]) * 1000
    return Percentiles(round(p50), round(p95))
