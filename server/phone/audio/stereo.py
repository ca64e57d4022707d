"""Sans-I/O: the two voices of a call beside each other in time, for a recording."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.audio import Samples
from server.phone.audio.g711 import PHONE_RATE

SPAN: Final = 4.0
"""Seconds that are held at once."""

JOINT: Final = 0.02
"""Seconds by which a sound's time may differ from the end of the one before it and still follow."""

_NUDGE: Final = 80  # of so many samples one may be left out or said twice: a hundredth of a tone

StereoSamples = npt.NDArray[np.int16]
"""PCM at :data:`~server.phone.audio.g711.PHONE_RATE`, shape ``(n, 2)``: caller, bot."""


class Side(enum.IntEnum):
    """Whose voice it is, and on which channel."""

    CALLER = 0
    """Left."""

    BOT = 1
    """Right."""


class StereoTimeline:
    """Lays sounds down where they belong; where there is none is silence.

    Sounds that follow each other are joined, and while their clock runs faster or slower than ours
    a sample is left out or said twice now and then: after an hour both sides are still together.
    What is given out is final; a sound for that time comes too late.

    Args:
        began: When the recording begins, in seconds.

    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._held: StereoSamples = np.zeros((round(SPAN * PHONE_RATE), 2), np.int16)
        self._start = 0
        self._next = [-1, -1]
        self.late = 0
        """Samples that came too late, or far too early."""

    def put(self, side: Side, at: float, samples: Samples) -> None:
        """Lay down a sound.

        Args:
            side: Whose it is.
            at: When its first sample was heard.
            samples: At :data:`~server.phone.audio.g711.PHONE_RATE`.

        """
        position = round((at - self._began) * PHONE_RATE)
        off = position - self._next[side]
        if self._next[side] >= 0 and abs(off) <= JOINT * PHONE_RATE:
            position = self._next[side]
            samples = _nudged(samples, off)
        self._next[side] = position + len(samples)
        start, end = position - self._start, position - self._start + len(samples)
        low, high = max(start, 0), max(0, min(end, len(self._held)))
        self.late += len(samples) - max(0, high - low)
        if low < high:
            self._held[low:high, side] = samples[low - start : high - start]

    def ready(self, until: float) -> float:
        """Return how many seconds there are to take."""
        return until - self._began - self._start / PHONE_RATE

    def take(self, until: float) -> Iterator[StereoSamples]:
        """Give out everything up to a time, in pieces of :data:`SPAN` at most."""
        left = round((until - self._began) * PHONE_RATE) - self._start
        while left > 0:
            count = min(left, len(self._held))
            piece = self._held[:count].copy()
            self._held[: len(self._held) - count] = self._held[count:]
            self._held[len(self._held) - count :] = 0
            self._start += count
            left -= count
            yield piece


def _nudged(samples: Samples, off: int) -> Samples:
    """Return the sound a little longer or shorter, towards where it belongs."""
    count = min(abs(off), len(samples) // _NUDGE)
    if not count:
        return samples
    if off < 0:
        return samples[:-count]
    return np.concatenate([samples, np.repeat(samples[-1:], count)])
