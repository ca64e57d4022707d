"""How far into a sentence a voice was when its server died. Sans-I/O.

Speech servers tell no times of words. What is known is the sound that came and how fast this
voice speaks: seconds of sound per letter, learnt from its whole sentences. That tells the word it
was at: of 24 000 cuts through espeak's sentences, compared with its own times of words, 96 % to
one word and 99.8 % to two (``benchmarks/tts_progress.py``).

A word counts as said once half of it was. The rest of the sentence begins with the next one, so
that no word is said twice, and one that is not said again was mostly heard.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipeline.audio import SPEECH_RATE, Samples

USUAL_PACE = 0.055
"""Seconds per letter of a voice that is not known yet: 160 English words a minute."""

_WORD_BORDER = 1.0
"""What passing from word to word takes, in letters."""

_PAUSE = 5.0
"""What a punctuation mark within a sentence takes, in letters."""

_CHARACTER = 3.0
"""What a character of a script without spaces takes, in letters."""

_AUDIBLE = 200
"""Samples from here on are no silence (-44 dBFS)."""

_VOICES = 64
"""Voices whose pace is remembered."""

_MEMORY = 400.0
"""Letters after which older sentences count half: a voice may change behind its name."""

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_CHARACTERS = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_UNSPACED}][^\s\w]*|[^\s{_UNSPACED}]+")
_SOUNDING = re.compile(r"[^\W_]")
_PUNCTUATION = tuple(",;:.!?…—\u3001\u3002\uff01\uff0c\uff1f")


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


def rest_of(text: str, progress: Progress, pace: float) -> str:
    """Return the words of a sentence that were not said yet.

    Args:
        text: The sentence.
        progress: The sound of it that came.
        pace: Seconds per letter.

    Returns:
        What is left, from the word border nearest to where the sound ends; "" when that is
        nothing that could be spoken.

    """
    at = 0.0
    for start, letters in _words(text):
        at += letters * pace / 2
        if at > progress.spoken:
            return text[start:]
        at += letters * pace / 2
    return ""


def _words(text: str) -> Iterator[tuple[int, float]]:
    """Yield where each word begins, and how long it takes in letters."""
    for word in _WORD.finditer(text):
        found = word[0]
        sounding = len(_SOUNDING.findall(found))
        if not sounding:
            continue
        letters = _CHARACTER if _CHARACTERS.match(found) else sounding + _WORD_BORDER
        inside = _SOUNDING.search(text, word.end()) is not None
        yield word.start(), letters + (_PAUSE if inside and found.endswith(_PUNCTUATION) else 0.0)


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
        letters = sum(letters for _, letters in _words(text))
        if not letters or not seconds:
            return
        pace = self._known.setdefault(voice, _Pace())
        self._known.move_to_end(voice)
        older = 0.5 ** (letters / _MEMORY)
        pace.letters = pace.letters * older + letters
        pace.seconds = pace.seconds * older + seconds
        while len(self._known) > _VOICES:
            self._known.popitem(last=False)

    def of(self, voice: tuple[int, str]) -> float:
        """Return a voice's seconds per letter at speed 1."""
        pace = self._known.get(voice)
        return pace.seconds / pace.letters if pace else USUAL_PACE
