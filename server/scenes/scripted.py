"""Agent and recogniser of a scene: they know what to say, and count what is asked of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from pipeline.audio import Samples
from pipeline.clock import Clock
from pipeline.interfaces import Question, Recognition, Segment, SpeechToText, Transcript
from pipeline.scripted import ScriptedSpeechToText, ScriptedTurn
from server.scenes.format import Replies


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
    language: str = "en"

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        """Look the utterance up."""
        return ScriptedSpeechToText(self.said, language=self.language).start(samples, segment)


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
