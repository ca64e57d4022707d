"""Knows whether the caller speaks, from what the conversation's own ears find."""

from __future__ import annotations

from typing import Final

from pipeline.audio import HEARING_RATE, VAD_WINDOW, Samples
from pipeline.config import VadConfig
from pipeline.interfaces import VoiceActivityDetector, VoiceStream

_WINDOW: Final = VAD_WINDOW / HEARING_RATE

QUIET: Final = 0.3
"""Seconds of silence after which nobody speaks."""


class CallerEar:
    """Listens in on the voice activity model of one call, at no cost of its own.

    A :class:`~pipeline.interfaces.VoiceActivityDetector` to be given to the conversation in place
    of the one it passes on to.

    Args:
        detector: The model.
        config: When a sound counts as speech.

    """

    def __init__(self, detector: VoiceActivityDetector, config: VadConfig) -> None:
        self._detector = detector
        self._config = config
        self._speech = 0.0
        self._quiet = QUIET

    @property
    def speaks(self) -> bool:
        """Whether the caller speaks now, or has a moment ago."""
        return self._speech >= self._config.start and self._quiet < QUIET

    @property
    def spoken(self) -> float:
        """Seconds of speech since there was silence."""
        return self._speech

    def open(self) -> VoiceStream:
        """Begin to hear the caller."""
        return _Overheard(self._detector.open(), self)

    def receive(self, probability: float) -> None:
        """Take in what the model found in the next window."""
        if probability >= self._config.start_probability:
            self._speech += _WINDOW
            self._quiet = 0.0
            return
        self._quiet += _WINDOW
        if self._quiet >= QUIET:
            self._speech = 0.0

    def forget(self) -> None:
        """Take in that silence follows."""
        self._speech, self._quiet = 0.0, QUIET


class _Overheard:
    def __init__(self, stream: VoiceStream, ear: CallerEar) -> None:
        self._stream = stream
        self._ear = ear

    async def score(self, window: Samples) -> float:
        probability = await self._stream.score(window)
        self._ear.receive(probability)
        return probability

    def reset(self) -> None:
        self._ear.forget()
        self._stream.reset()

    def close(self) -> None:
        self._ear.forget()
        self._stream.close()
