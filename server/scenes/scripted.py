"""Agent and recogniser of a scene: they know what to say, and count what is asked of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.audio import Samples
from pipeline.clock import Clock
from pipeline.interfaces import Question, Recognition, Segment, SpeechToText, Transcript
from pipeline.scripted import ScriptedSpeechToText, ScriptedTurn
from server.scenes.format import Replies

_NEAR = 0.25  # seconds around a voice in which no echo is understood


@dataclass(slots=True)
class ScriptedAgent:
    """Answers every question with the scene's reply, after its delay in conversation time."""

    replies: Replies
    clock: Clock
    asked: list[Question] = field(default_factory=list)
    """Every question, also those that were taken back."""

    @property
    def asks_ahead(self) -> bool:
        """True: it remembers nothing."""
        return True

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        """Wait, then give the whole reply."""
        self.asked.append(question)
        await self.clock.sleep_until(self.clock.now() + self.replies.delay_ms / 1000)
        yield self.replies.text


@dataclass(frozen=True, slots=True)
class ScriptedEars:
    """Recognition that knows the words of the scene, and of what is said when it is played."""

    said: list[ScriptedTurn]
    """What people say."""

    echoed: list[ScriptedTurn]
    """What their microphones pick up of the replies; a voice near by drowns it."""

    language: str = "en"

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Look the utterance up."""
        said = [turn for turn in self.said if turn.speaker == segment.speaker]
        said += list(self._echoed(segment.speaker, said))
        said.sort(key=lambda turn: turn.start)
        return ScriptedSpeechToText(said, language=self.language).start(samples, segment)

    def _echoed(self, speaker: str, said: Sequence[ScriptedTurn]) -> Iterator[ScriptedTurn]:
        for turn in self.echoed:
            if turn.speaker != speaker:
                continue
            for word in turn.words():
                if not any(
                    one.start - _NEAR < word.end and word.start < one.end + _NEAR for one in said
                ):
                    yield ScriptedTurn(speaker, word.start, word.end, word.text)


@dataclass(slots=True)
class CountedSpeechToText:
    """Another recogniser, and how much of its work was for nothing."""

    stt: SpeechToText
    started: int = 0
    needed: int = 0
    """Recognitions that were committed."""

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Begin to transcribe one utterance."""
        self.started += 1
        return _CountedRecognition(self.stt.start(samples, segment, hotwords=hotwords), self)


@dataclass(slots=True)
class _CountedRecognition:
    recognition: Recognition
    counts: CountedSpeechToText
    needed: bool = False

    def commit(self) -> None:
        self.counts.needed += not self.needed
        self.needed = True
        self.recognition.commit()

    def cancel(self) -> None:
        self.recognition.cancel()

    async def transcript(self) -> Transcript:
        return await self.recognition.transcript()


@dataclass(frozen=True, slots=True)
class PacedSpeechToText:
    """Recognition that knows the words, and takes as long for them as a real recogniser.

    Args:
        words: Knows them.
        pace: Is given the same utterances; what it understands is not looked at.

    """

    words: SpeechToText
    pace: SpeechToText

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Begin to transcribe one utterance."""
        return _PacedRecognition(
            self.words.start(samples, segment, hotwords=hotwords),
            self.pace.start(samples, segment, hotwords=hotwords),
        )


@dataclass(frozen=True, slots=True)
class _PacedRecognition:
    words: Recognition
    pace: Recognition

    def commit(self) -> None:
        self.pace.commit()

    def cancel(self) -> None:
        self.pace.cancel()

    async def transcript(self) -> Transcript:
        await self.pace.transcript()
        return await self.words.transcript()
