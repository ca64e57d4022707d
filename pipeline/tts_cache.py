"""Short phrases as sound, kept in memory so that they are heard at once. Sans-I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.audio import SPEECH_RATE
from pipeline.tts_sound import SpeechChunk

LONGEST_TEXT = 48
"""Characters of a phrase that is worth keeping: "Sure.", "Let me see.", not whole answers."""

LONGEST_SOUND = 4.0
"""Seconds of a phrase that is worth keeping."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What was said, by which voice of which server, and how fast."""

    text: str
    voice: str
    speed: float
    server: int
    """Its place in the ladder: another server's voice of this name is another voice."""


class PhraseCache:
    """Keeps the phrases that were said last, so frequent ones stay.

    Args:
        most: Phrases kept; 0 for none. One takes 192 kB at most.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sounds: OrderedDict[Phrase, SpeechChunk] = OrderedDict()

    def find(self, phrase: Phrase) -> SpeechChunk | None:
        """Return a phrase in one piece, its sound read-only; ``None`` when it is not kept."""
        sound = self._sounds.get(phrase)
        if sound is not None:
            self._sounds.move_to_end(phrase)
        return sound

    def wants(self, phrase: Phrase) -> bool:
        """Whether a phrase is short enough to be kept."""
        return self._most > 0 and len(phrase.text) <= LONGEST_TEXT

    def keep(self, phrase: Phrase, chunks: Sequence[SpeechChunk]) -> None:
        """Keep the whole sound of a phrase, unless it is long; the oldest makes room."""
        length = sum(len(chunk.samples) for chunk in chunks)
        if not self.wants(phrase) or length > LONGEST_SOUND * SPEECH_RATE:
            return
        sound = np.concatenate([chunk.samples for chunk in chunks])
        sound.flags.writeable = False  # many listeners get this one
        words = tuple(word for chunk in chunks for word in chunk.words)
        self._sounds[phrase] = SpeechChunk(sound, words)
        self._sounds.move_to_end(phrase)
        while len(self._sounds) > self._most:
            self._sounds.popitem(last=False)
