"""One turn on its way from speech to a recorded reply."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.errors import StageError
from pipeline.interfaces import Participant, Recognition, Transcript
from pipeline.timeline import Timeline
from pipeline.turn_actions import EndTurn
from pipeline.turn_record import TurnRecord
from pipeline.waiting_line import Place


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
class Attempt:
    """What is made of a turn from one pause on: void as soon as its speaker goes on."""

    transcription: Transcription
    task: asyncio.Task[None] | None = None
    """Understands and answers the turn; begins on the chance that the turn is over."""

    reply_task: asyncio.Task[None] | None = None
    """Speaks the reply."""

    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the turn is over."""

    ended: EndTurn | None = None
    place: Place | None = None
    """Where the turn waits for its reply, once it is over."""

    void: bool = False
    """Whether its speaker went on."""

    def take_back(self) -> None:
        """Throw away what was begun."""
        self.void = True
        self.transcription.cancel()
        # The reply by itself, too: through the other task it could still begin to play.
        for task in (self.reply_task, self.task):
            if task is not None:
                task.cancel()


@dataclass(slots=True)
class Turn:
    """A turn, from its first pause until its record is written."""

    id: str
    speaker: Participant
    timeline: Timeline = field(default_factory=Timeline)
    score_ready: float = 0.0
    scoring: asyncio.Task[None] | None = None
    """Asks the end-of-turn model."""

    attempt: Attempt | None = None
    asked_ahead: int = 0
    """How often the agent was asked before the turn was over."""

    interrupted: bool = False
    merged: bool = False
    """Whether it is part of a later turn, and recorded there."""

    def take_back(self) -> None:
        """Throw away what was begun for the turn: its speaker goes on."""
        if self.scoring is not None:
            self.scoring.cancel()
        if self.attempt is not None:
            self.attempt.take_back()
        self.scoring = self.attempt = None

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
