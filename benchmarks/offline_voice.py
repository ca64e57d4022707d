"""The offline voice for benchmarks and scenes: text to 16 kHz or 24 kHz sound."""

from __future__ import annotations

from contextlib import aclosing

import numpy as np

from pipeline.audio import Resampler, Samples
from server.speech.espeak import EspeakEngine
from server.speech.espeak_thread import Espeak


class OfflineVoice:
    """espeak in any of its voices; one per process, closed in the end."""

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._engine = EspeakEngine(self._espeak)

    def close(self) -> None:
        """End the engine's thread."""
        self._espeak.close()

    async def say(self, text: str, *, voice: str, pace: float, rate: int) -> Samples:
        """Return a text as mono PCM.

        Args:
            text: What to say.
            voice: A language, and perhaps a variant.
            pace: 1 is the usual.
            rate: Hertz.

        """
        parts: list[Samples] = []
        resampler: Resampler | None = None
        async with aclosing(self._engine.synthesize(text, voice=voice, speed=pace)) as sounds:
            async for sound in sounds:
                resampler = resampler or Resampler(sound.rate, rate)
                parts.append(resampler.push(sound.samples))
        if resampler is None:
            raise RuntimeError(f"espeak says nothing for {text!r}")
        return np.concatenate([*parts, resampler.flush()])
