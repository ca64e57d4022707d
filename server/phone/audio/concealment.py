"""Sans-I/O: sound in the place of what was lost on its way."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.audio import Samples
from pipeline.fades import rise
from server.phone.audio.g711 import PHONE_RATE

LONGEST: Final = 0.02
"""Seconds by which the sound before a gap goes on into it, and the sound after it begins early."""

REMEMBERED: Final = round(LONGEST * PHONE_RATE)
"""The same in samples: what must be kept of the past."""


def bridge(before: Samples, after: Samples, missing: int) -> Samples:
    """Return sound for a gap, at :data:`~server.phone.audio.g711.PHONE_RATE`.

    What came before goes on backwards and fades out, what comes after is led up to in the same way:
    nothing clicks at either end, and 20 ms in the middle of a word stay voiced. In between is
    silence: invented speech would only mislead the recogniser.

    Args:
        before: The last samples before the gap; :data:`REMEMBERED` are enough.
        after: The first samples after it.
        missing: Samples that are missing.

    """
    sound = np.zeros(missing, np.float32)
    out = before[::-1][: min(REMEMBERED, missing)]
    into = after[: min(REMEMBERED, missing)][::-1]
    if len(out):
        sound[: len(out)] += out * (np.float32(1.0) - rise(len(out)))
    if len(into):
        sound[missing - len(into) :] += into * rise(len(into))
    bridged: Samples = np.clip(sound, -32768, 32767).astype(np.int16)
    return bridged
