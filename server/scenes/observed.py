"""What was seen while a scene was played, and how it meets the truth. Sans I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.interfaces import Volume
from pipeline.turn_record import TurnRecord
from server.scenes.format import Interruption, Kind, Scene, TrueTurn

_SAME = 0.5  # share of a turn by which two accounts of it must agree
_LEAST = 0.001  # seconds, the precision of a record's times


@dataclass(frozen=True, slots=True)
class Playback:
    """From when to when a reply was heard, in seconds on the conversation clock."""

    start: float
    end: float
    """The last sample that was heard: of the whole reply, or up to where it was stopped or held."""

    stopped: float | None = None
    """When it was broken off, which for a reply that was held is later than :attr:`end`;
    ``None`` when it was heard to its end."""

    volumes: tuple[tuple[float, Volume], ...] = ()
    """Changes of its loudness, each with its time."""

    @property
    def over(self) -> float:
        """From when on nothing more of it could be heard."""
        return self.end if self.stopped is None else self.stopped

    def until(self, end: float) -> Playback:
        """Return it heard up to ``end``."""
        return replace(self, end=end)

    def changed(self, volume: Volume, at: float) -> Playback:
        """Return it with another loudness from ``at`` on."""
        return replace(self, volumes=(*self.volumes, (at, volume)))

    def broken_off(self, at: float) -> Playback:
        """Return it as it was stopped at ``at``."""
        return replace(self, stopped=at)


@dataclass(frozen=True, slots=True)
class ObservedTurn:
    """One turn record, and the times around it on the conversation clock."""

    record: TurnRecord

    closed: float
    """When the record was emitted; nothing can join the turn after that."""

    reply: Playback | None = None
    """When its reply was heard; ``None`` when there was none."""

    taken_back: tuple[Playback, ...] = ()
    """Replies to parts of the turn, broken off because it went on."""

    @property
    def first_audio(self) -> float | None:
        """When the first sample of its reply would have gone out in real time.

        The latencies of the record count measured work, for which the clock of
        the audio stands still.
        """
        total = self.record.latency_ms.get("total")
        return None if total is None else self.record.end + total / 1000

    @property
    def decided(self) -> float | None:
        """When it was decided that the turn is over."""
        spans = [self.record.latency_ms.get(stage) for stage in ("vad", "smart_turn")]
        known = [span for span in spans if span is not None]
        return self.record.end + sum(known) / 1000 if len(known) == len(spans) else None

    @property
    def replies(self) -> tuple[Playback, ...]:
        """All that was heard in answer to it."""
        return (*self.taken_back, self.reply) if self.reply else self.taken_back

    def reply_heard_at(self, at: float) -> Playback | None:
        """Return the reply that was being played, or held."""
        heard = (reply for reply in self.replies if reply.start <= at < reply.over)
        return next(heard, None)


@dataclass(frozen=True, slots=True)
class SpokenInterruption:
    """An interruption as it was really said."""

    speaker: str
    kind: Kind
    start: float
    """First speech, in seconds on the conversation clock."""

    end: float
    """Last speech, likewise."""

    stop_word: bool = False
    """Whether it wanted nothing but silence."""


Spoken = TrueTurn | SpokenInterruption


@dataclass(frozen=True, slots=True)
class Effort:
    """What was asked of recogniser and agent, and how much of it for nothing: people went on."""

    recognitions: int = 0
    recognitions_void: int = 0
    questions: int = 0
    questions_void: int = 0

    def __add__(self, other: Effort) -> Effort:
        """Return both together."""
        return Effort(
            self.recognitions + other.recognitions,
            self.recognitions_void + other.recognitions_void,
            self.questions + other.questions,
            self.questions_void + other.questions_void,
        )


@dataclass(frozen=True, slots=True)
class PlayedScene:
    """A scene after it was played."""

    scene: Scene
    turns: tuple[ObservedTurn, ...]
    """In the order in which they closed."""

    interruptions: tuple[SpokenInterruption, ...] = ()
    unspoken: tuple[Interruption, ...] = ()
    """Interruptions that waited for a reply which never came."""

    seconds: float = 0.0
    """Conversation time that passed."""

    effort: Effort = Effort()

    def pairs(self) -> tuple[tuple[TrueTurn, tuple[ObservedTurn, ...]], ...]:
        """Return each true turn with the observed turns that are it or a part of it."""
        return tuple(
            (true, tuple(turn for turn in self.turns if belongs(turn, true)))
            for true in self.scene.turns
        )

    def extra(self) -> Iterator[ObservedTurn]:
        """Yield the observed turns in which nobody said anything, or not that person."""
        spoken: list[Spoken] = [*self.scene.turns, *self.interruptions]
        for turn in self.turns:
            if not any(belongs(turn, speech) for speech in spoken):
                yield turn


def belongs(turn: ObservedTurn, speech: Spoken) -> bool:
    """Return whether one of the two, by the same speaker, lies at least half within the other."""
    shorter = min(turn.record.end - turn.record.start, speech.end - speech.start)
    return _overlap(turn, speech) >= max(_SAME * shorter, _LEAST)


def recalls(turn: ObservedTurn, true: TrueTurn) -> bool:
    """Return whether an observed turn covers at least half of the true one."""
    return _overlap(turn, true) >= _SAME * (true.end - true.start)


def _overlap(turn: ObservedTurn, speech: Spoken) -> float:
    """Return how many seconds of both are the same speech by the same speaker."""
    if turn.record.speaker_id != speech.speaker:
        return 0.0
    return max(0.0, min(turn.record.end, speech.end) - max(turn.record.start, speech.start))
