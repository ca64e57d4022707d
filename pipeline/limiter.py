"""Keeps loud moments below full scale without distorting them. Sans I/O."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.audio import SPEECH_RATE

Floats = npt.NDArray[np.float32]

CEILING = 10.0 ** (-1.0 / 20.0)
"""Highest sample, full scale being 1.0: encoders and resamplers add a little of their own."""

BLOCK = SPEECH_RATE // 200
"""Samples in which it becomes quieter: 5 ms, and so much is held back to see a peak coming."""

RELEASE = 0.1
"""Seconds in which it becomes louder again by as much as full scale."""

_RELEASE_STEP = BLOCK / (RELEASE * SPEECH_RATE)


class Limiter:
    """Turns one stream of sound down where it would exceed :data:`CEILING`, and up again.

    It is quieter by the time that a peak comes, since it looks ahead by a
    :data:`BLOCK`; so nothing is clipped, and nothing else is changed.
    """

    def __init__(self) -> None:
        self._held: Floats = np.empty(0, np.float32)
        self._gain = 1.0

    def push(self, samples: Floats) -> Floats:
        """Take in the next samples and return what is ready: all but the last one or two blocks."""
        self._held = np.concatenate([self._held, samples])
        ready = len(self._held) // BLOCK - 1
        return self._limit(ready) if ready > 0 else np.empty(0, np.float32)

    def flush(self) -> Floats:
        """Return what was held back; the stream is over, and another may begin."""
        left = len(self._held)
        blocks = -(-left // BLOCK)
        # A block more is looked at than is given out.
        self._held = np.pad(self._held, (0, (blocks + 1) * BLOCK - left))
        limited = self._limit(blocks)[:left]
        self._held = np.empty(0, np.float32)
        self._gain = 1.0
        return limited

    def _limit(self, blocks: int) -> Floats:
        length = blocks * BLOCK
        seen = self._held[: length + BLOCK]
        peaks = np.abs(seen).reshape(blocks + 1, BLOCK).max(axis=1)
        allowed = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
        # Between two blocks what both allow: on the way from one such point to the next the gain
        # is never more than the block allows.
        points = [min(self._gain, allowed[0])]
        for most in np.minimum(allowed[:-1], allowed[1:]):
            points.append(min(float(most), points[-1] + _RELEASE_STEP))
        ready, self._held = self._held[:length], self._held[length:]
        self._gain = points[-1]
        if min(points) >= 1.0:
            return ready
        steps = np.interp(np.arange(length) / BLOCK, np.arange(blocks + 1), points)
        limited: Floats = ready * steps.astype(np.float32)
        return limited
