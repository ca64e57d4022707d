"""Sans-I/O: between the telephone's sample rate and the pipeline's.

The filter is FFmpeg's, by :class:`pipeline.audio.Resampler`. What is put in comes out the same
however it is cut, without a click where two parts meet; the first sample out belongs to the moment
of the first sample in.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.audio import HEARING_RATE, SPEECH_RATE, Resampler, Samples
from server.phone.audio.g711 import PHONE_RATE

LATENCY: Final = 0.002
"""Seconds of sound that the filter keeps, since it looks ahead; twice as much at the start."""


class PhoneResampler:
    """Converts one stream, which may end and begin anew.

    Args:
        source_rate: Hertz of what is pushed.
        target_rate: Hertz of what comes out.

    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._rates = source_rate, target_rate
        self._resampler: Resampler | None = None

    def push(self, samples: Samples) -> Samples:
        """Take in the next samples and return what is ready, less than :data:`LATENCY` behind."""
        if self._resampler is None:
            self._resampler = Resampler(*self._rates)
        return self._resampler.push(samples)

    def end(self) -> Samples:
        """Return what is still kept. What is pushed next has nothing to do with it."""
        if self._resampler is None:
            return np.empty(0, np.int16)
        rest = self._resampler.flush()
        self._resampler = None
        return rest


def to_hearing() -> PhoneResampler:
    """Return a resampler for what the caller says, on its way to the pipeline."""
    return PhoneResampler(PHONE_RATE, HEARING_RATE)


def to_phone() -> PhoneResampler:
    """Return a resampler for replies, on their way to the caller."""
    return PhoneResampler(SPEECH_RATE, PHONE_RATE)
