"""Short fades where sound begins, ends or is cut, so that nothing clicks. Sans I/O."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.audio import SPEECH_RATE, Samples

FADE = 0.005
"""Seconds of a fade: too short to be heard as one, long enough not to click."""

FADE_SAMPLES = round(FADE * SPEECH_RATE)
"""The same in samples at :data:`~pipeline.audio.SPEECH_RATE`."""


def rise(length: int) -> npt.NDArray[np.float32]:
    """Return the factors of a fade-in: from 0 to 1 over half a cosine, shape ``(length,)``."""
    steps = (np.arange(length, dtype=np.float32) + np.float32(0.5)) / np.float32(max(1, length))
    factors: npt.NDArray[np.float32] = (1 - np.cos(np.pi * steps)) / 2
    return factors


def ramp(samples: Samples, start: float, end: float, length: int = FADE_SAMPLES) -> Samples:
    """Return sound that goes from one loudness to another and stays there.

    Args:
        samples: The sound.
        start: Factor of its first sample.
        end: Factor from ``length`` samples on; reached at the last when there are fewer.
        length: Samples of the way.

    """
    if start == end:
        return samples if end == 1.0 else (samples * end).astype(np.int16)
    length = min(length, len(samples))
    factors = np.full(len(samples), end, np.float32)
    factors[:length] = start + (end - start) * rise(length)
    ramped: Samples = (samples * factors).astype(np.int16)
    return ramped


def fade_in(samples: Samples) -> Samples:
    """Return sound that begins out of silence."""
    return ramp(samples, 0.0, 1.0)


def fade_out(samples: Samples) -> Samples:
    """Return sound that ends in silence."""
    return fade_in(samples[::-1])[::-1]
