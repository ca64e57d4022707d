"""How far a voice is in a sentence, and how fast it speaks. Sans-I/O."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.word_times import USUAL_PACE, letters

_AUDIBLE = 200
"""Samples from here on are no silence (-44 dBFS)."""

_VOICES = 64
"""Voices whose pace is remembered."""

_MEMORY = 400.0
"""Letters after which older sentences count half: a voice may change behind its name."""


@dataclass(slots=True)
class Progress:
    """The sound of one sentence so far."""

    seconds: float = 0.0
    """All of it."""

    spoken: float = 0.0
    """Up to its last audible sample: a pause at the end belongs to no word."""

    def add(self, samples: Samples) -> None:
        """Take in more sound."""
        audible = np.flatnonzero(np.abs(samples.astype(np.int32)) >= _AUDIBLE)
        if len(audible):
            self.spoken = self.seconds + (int(audible[-1]) + 1) / SPEECH_RATE
        self.seconds += len(samples) / SPEECH_RATE


@dataclass(slots=True)
class _Pace:
    letters: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class Paces:
    """How fast voices speak, learnt from what they said."""

    _known: OrderedDict[tuple[int, str], _Pace] = field(default_factory=OrderedDict)

    def learn(self, voice: tuple[int, str], text: str, seconds: float) -> None:
        """Take in a whole sentence.

        Args:
            voice: The server's place in the ladder and the voice's name.
            text: The sentence.
            seconds: How long it took, as if at speed 1.

        """
        said = letters(text)
        if not said or not seconds:
            return
        pace = self._known.setdefault(voice, _Pace())
        self._known.move_to_end(voice)
        older = 0.5 ** (said / _MEMORY)
        pace.letters = pace.letters * older + said
        pace.seconds = pace.seconds * older + seconds
        while len(self._known) > _VOICES:
            self._known.popitem(last=False)

    def of(self, voice: tuple[int, str]) -> float:
        """Return a voice's seconds per letter at speed 1."""
        pace = self._known.get(voice)
        return pace.seconds / pace.letters if pace else USUAL_PACE
