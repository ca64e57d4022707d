"""A sound that is heard on the telephone."""

from __future__ import annotations

import numpy as np

from tests.peers.telephone_sound import RATE, Mono


def tone(seconds: float) -> Mono:
    at = np.arange(round(RATE * seconds)) / RATE
    return (8000 * np.sin(2 * np.pi * 300 * at)).astype(np.int16)
