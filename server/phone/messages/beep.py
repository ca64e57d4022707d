"""Sans-I/O: the tone after which a message is spoken."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples, to_pcm
from pipeline.fades import fade_in, fade_out

SECONDS: Final = 0.4

_HERTZ: Final = 1000.0
_LEVEL: Final = 10.0 ** (-15.0 / 20.0)  # of its highest sample, full scale being 1.0


@lru_cache(maxsize=1)
def beep() -> Samples:
    """Return the tone as mono PCM at :data:`~pipeline.audio.SPEECH_RATE`; not to be changed."""
    times = np.arange(round(SECONDS * SPEECH_RATE)) / SPEECH_RATE
    sound = fade_out(fade_in(to_pcm(_LEVEL * np.sin(2.0 * np.pi * _HERTZ * times))))
    sound.setflags(write=False)
    return sound
