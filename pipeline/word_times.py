"""When the words of a text are said, as far as it is known. Sans-I/O.

Some voices tell when they begin a word. Between two moments that are known, and after the last, the
words are taken to be as long as they have letters. How well that tells which words were heard is
measured by ``benchmarks/word_times.py``.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

USUAL_PACE = 0.055
"""Seconds per letter of a voice that is not known yet: 160 English words a minute."""

_WORD_BORDER = 1.0
"""What passing from word to word takes, in letters."""

_PAUSE = 5.0
"""What a punctuation mark within a sentence takes, in letters."""

_CHARACTER = 3.0
"""What a character of a script without spaces takes, in letters."""

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_CHARACTERS = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_UNSPACED}][^\s\w]*|[^\s{_UNSPACED}]+")
_SOUNDING = re.compile(r"[^\W_]")
_PUNCTUATION = tuple(",;:.!?…—\u3001\u3002\uff01\uff0c\uff1f")


@dataclass(frozen=True, slots=True)
class WordStart:
    """The beginning of a word."""

    offset: int
    """Where it stands: characters (code points) from the beginning of the text."""

    seconds: float
    """When it is said, from the beginning of the text's sound."""


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    letters: float
    pause: float
    """Letters that the pause after it takes."""

    joined: bool
    """Whether nothing stands between it and the word before."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Words of which only the first one's beginning is known."""

    words: Sequence[_Word]
    seconds: float
    """When the first begins."""

    pace: float
    """Seconds per letter."""


class WordTimes:
    """When the words of one text are said; filled in while it is spoken.

    Until then they are judged by a usual pace of speech. A voice that breaks off may be followed by
    another, which goes on in the middle.
    """

    def __init__(self) -> None:
        self._marks = [WordStart(0, 0.0)]
        self._first = 0
        self._pace = USUAL_PACE
        self._tells = False
        self._end: float | None = None

    def begin(self, offset: int, seconds: float, pace: float) -> None:
        """Take in that a voice speaks the text from here.

        Args:
            offset: Characters of the text that were said before.
            seconds: Sound of the text that there is already.
            pace: The voice's seconds per letter.

        """
        self._marks = [mark for mark in self._marks if mark.offset < offset]
        self._first = len(self._marks)
        self._marks.append(WordStart(offset, seconds))
        self._pace = pace
        self._tells = False

    def add(self, word: WordStart) -> None:
        """Take in when a word begins, counted from where the voice that speaks has begun."""
        self._tells = True
        begin = self._marks[self._first]
        mark = WordStart(begin.offset + word.offset, begin.seconds + word.seconds)
        last = self._marks[-1]
        # Numbers are read as many words, and each is told.
        if mark.offset > last.offset and mark.seconds >= last.seconds:
            self._marks.append(mark)

    def end(self, seconds: float) -> None:
        """Take in when all was said; the first who tells it is believed."""
        if self._end is None:
            self._end = seconds

    def said(self, text: str, seconds: float) -> int:
        """Return how much of the text was said after so much of its sound.

        A word counts once half of it was said.

        Returns:
            Characters up to the word that comes next; all of them when there is none.

        """
        words = list(_words(text))
        for stretch in self._stretches(words):
            at = stretch.seconds
            for word in stretch.words:
                if at + word.letters / 2 * stretch.pace > seconds:
                    return word.start if word is not words[0] else 0
                at += (word.letters + word.pause) * stretch.pace
        return len(text)

    def _stretches(self, words: Sequence[_Word]) -> Iterator[_Stretch]:
        """Divide the words where a time is known."""
        ends = [word.end for word in words]
        known: dict[int, float] = {}
        for mark in self._marks:
            known.setdefault(bisect_right(ends, mark.offset), mark.seconds)
        known.pop(len(words), None)
        borders = [*known.items(), (len(words), self._end)]
        for (first, seconds), (after, until) in zip(known.items(), borders[1:], strict=True):
            part = words[first:after]
            if until is not None:
                yield _Stretch(part, seconds, max(until - seconds, 0.0) / _length(part))
                continue
            begun = self._begun(part)
            yield _Stretch(part[:begun], seconds, self._pace)
            yield _Stretch(part[begun:], math.inf, 0.0)

    def _begun(self, part: Sequence[_Word]) -> int:
        """Return how many of the last words that are known of may have begun."""
        if not self._tells:
            return len(part)
        # The next word would have been told. Words without spaces are told together.
        return 1 + sum(1 for _ in takewhile(lambda word: word.joined, part[1:]))


def letters(text: str) -> float:
    """Return how long a text takes to say, in letters: pauses count as so many."""
    return _length(_words(text))


def _length(words: Iterable[_Word]) -> float:
    return sum(word.letters + word.pause for word in words)


def _words(text: str) -> Iterator[_Word]:
    end = -1
    for word in _WORD.finditer(text):
        found = word[0]
        sounding = len(_SOUNDING.findall(found))
        if not sounding:
            continue
        inside = _SOUNDING.search(text, word.end()) is not None
        yield _Word(
            word.start(),
            word.end(),
            letters=_CHARACTER if _CHARACTERS.match(found) else sounding + _WORD_BORDER,
            pause=_PAUSE if inside and found.endswith(_PUNCTUATION) else 0.0,
            joined=word.start() == end,
        )
        end = word.end()
