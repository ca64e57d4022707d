"""One turn on its way from speech to a recorded reply."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.errors import StageError
from pipeline.interfaces import Participant, Recognition, Transcript
from pipeline.timeline import Timeline
from pipeline.turn_record import TurnRecord
from pipeline.turns import EndTurn


@dataclass(frozen=True, slots=True)
class Heard:
    """What recognition made of a turn's audio."""

    transcript: Transcript | None
    error: StageError | None
    ready: float
    """When it was known, in seconds on the conversation clock plus measured work."""


@dataclass(slots=True)
class Transcription:
    """A recognition that runs, for the audio up to ``end``."""

    end: float
    recognition: Recognition
    task: asyncio.Task[Heard]

    def cancel(self) -> None:
        """Throw it away without trace."""
        self.recognition.cancel()
        self.task.cancel()


@dataclass(slots=True)
class Turn:
    """A turn, from its first pause until its record is written."""

    id: str
    speaker: Participant
    timeline: Timeline = field(default_factory=Timeline)
    score_ready: float = 0.0
    scoring: asyncio.Task[None] | None = None
    """Asks the end-of-turn model."""

    transcription: Transcription | None = None
    task: asyncio.Task[None] | None = None
    """Understands and answers the turn once it has ended."""

    reply_task: asyncio.Task[None] | None = None
    """Speaks the reply."""

    interrupted: bool = False

    def void(self) -> None:
        """Throw away what was begun for the turn: its speaker goes on."""
        if self.transcription is not None:
            self.transcription.cancel()
        # The reply by itself, too: through the task above it, it could still begin to play.
        for task in (self.scoring, self.reply_task, self.task):
            if task is not None:
                task.cancel()
        self.scoring = self.transcription = self.reply_task = self.task = None

    def draft(self, conversation: str, began: datetime, ended: EndTurn) -> TurnRecord:
        """Begin the turn's record from what turn taking decided."""
        span = ended.span
        probability = ended.probability
        return TurnRecord(
            id=self.id,
            conversation=conversation,
            at=(began + timedelta(seconds=span.start)).isoformat(timespec="milliseconds"),
            speaker=self.speaker.name,
            speaker_id=self.speaker.id,
            start=round(span.start, 3),
            end=round(span.end, 3),
            ended_by=ended.ended_by.value,
            end_of_turn_probability=None if probability is None else round(probability, 4),
            text="",
            language="",
            addressed=False,
            relevance=None,
            why="",
            agent="",
        )


def finished(record: TurnRecord, turn: Turn) -> TurnRecord:
    """Return the record with its latencies and whether it was interrupted."""
    return replace(record, interrupted=turn.interrupted, latency_ms=turn.timeline.latency_ms())
