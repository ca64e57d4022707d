"""Recognition that knows beforehand what is said, for scenes and tests.

It hears nothing: of each utterance it returns the true words that lie inside the
cut. A cut that comes too early or too late therefore loses words, as with a real
recogniser, while everything else about the words is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.audio import Samples
from pipeline.interfaces import Recognition, Segment, Transcript


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

    def words(self) -> Iterator[tuple[float, str]]:
        """Give each word with the middle of its time, all words being equally long."""
        words = self.text.split()
        for number, word in enumerate(words):
            yield self.start + (number + 0.5) * (self.end - self.start) / len(words), word


class ScriptedSpeechToText:
    """Returns the words whose middle lies inside the utterance.

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
            word
            for turn in self._turns
            if turn.speaker == segment.speaker
            for middle, word in turn.words()
            if segment.start <= middle < segment.end
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
