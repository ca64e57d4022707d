"""Recognition that knows beforehand what is said, for scenes and tests.

It hears nothing: of each utterance it returns the true words that lie inside the
cut. A cut that comes too early or too late therefore loses words, as with a real
recogniser, and one that is made while someone still talks gives the words so far.
Everything else about the words is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline.audio import Samples
from pipeline.interfaces import Recognition, Segment, Transcript

HEARD = 0.75
"""Share of a word that must lie inside the cut for the word to be understood."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and when it is said."""

    text: str
    start: float
    """Seconds on the conversation clock."""

    end: float

    def is_heard(self, start: float, end: float) -> bool:
        """Whether enough of it is said between two times."""
        return min(self.end, end) - max(self.start, start) >= HEARD * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """Words that are truly said in the audio."""

    speaker: str
    """Id of who says them, as in :attr:`pipeline.interfaces.Segment.speaker`."""

    start: float
    """When the first word begins, in seconds on the conversation clock."""

    end: float
    """When the last word ends."""

    text: str

    def words(self) -> Iterator[SpokenWord]:
        """Give each word with its time, every letter being equally long."""
        words = self.text.split()
        letters = list(accumulate((len(word) for word in words), initial=0))
        for word, before, after in zip(words, letters, letters[1:], strict=False):
            yield SpokenWord(word, self._at(before / letters[-1]), self._at(after / letters[-1]))

    def _at(self, share: float) -> float:
        return self.start + share * (self.end - self.start)


class ScriptedSpeechToText:
    """Returns the words that lie inside the utterance.

    Args:
        turns: All that is said, by everyone, in order of time.
        language: ISO 639-1 code of it.

    """

    def __init__(self, turns: Sequence[ScriptedTurn], *, language: str = "en") -> None:
        self._turns = tuple(turns)
        self._language = language

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Look the utterance up; its samples are not looked at."""
        said = [
            word.text
            for turn in self._turns
            if turn.speaker == segment.speaker
            for word in turn.words()
            if word.is_heard(segment.start, segment.end)
        ]
        return _Known(Transcript(" ".join(said), self._language))


@dataclass(frozen=True, slots=True)
class _Known:
    """A recognition that is done."""

    outcome: Transcript

    def commit(self) -> None:
        """Nothing waits."""

    def cancel(self) -> None:
        """Nothing runs."""

    async def transcript(self) -> Transcript:
        return self.outcome
