"""Sans-I/O: replies on their way to the caller, at the telephone's rate, not sent yet."""

from __future__ import annotations

from collections import deque

import numpy as np

from pipeline.audio import Samples
from server.phone.audio.resampler import to_phone


class ReplySound:
    """What waits to be sent, first in first out."""

    def __init__(self) -> None:
        self._resampler = to_phone()
        self._open = False
        self._parts: deque[Samples] = deque()
        self.waiting = 0
        """Samples that can be taken."""

    @property
    def empty(self) -> bool:
        """Whether nothing is left, in the resampler neither."""
        return not self.waiting and not self._open

    def put(self, samples: Samples) -> None:
        """Add sound at :data:`pipeline.audio.SPEECH_RATE`."""
        if len(samples):
            self._add(self._resampler.push(samples))
            self._open = True

    def put_phone(self, samples: Samples) -> None:
        """Add sound at :data:`~server.phone.audio.g711.PHONE_RATE`."""
        self.end()
        self._add(samples)

    def end(self) -> None:
        """Let the resampler give out what it keeps: nothing follows soon."""
        if self._open:
            self._add(self._resampler.end())
            self._open = False

    def take(self, most: int) -> Samples:
        """Take out up to so many samples."""
        parts: list[Samples] = [np.empty(0, np.int16)]
        missing = most
        while self._parts and missing:
            part = self._parts.popleft()
            parts.append(part[:missing])
            if len(part) > missing:
                self._parts.appendleft(part[missing:])
            missing -= len(parts[-1])
        self.waiting -= most - missing
        return np.concatenate(parts)

    def put_back(self, samples: Samples) -> None:
        """Put what was taken and not heard before everything else."""
        if len(samples):
            self._parts.appendleft(samples)
            self.waiting += len(samples)

    def clear(self) -> None:
        """Drop everything."""
        self.end()
        self._parts.clear()
        self.waiting = 0

    def _add(self, samples: Samples) -> None:
        if len(samples):
            self._parts.append(samples)
            self.waiting += len(samples)
