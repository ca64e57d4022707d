"""What turn taking decides, for its caller to do."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pipeline.interfaces import Volume


class EndedBy(enum.StrEnum):
    """What ended a turn, as the turn record has it."""

    SMART_TURN = "smart_turn"
    """The wait chosen from the end-of-turn score ran out."""

    SILENCE = "silence"
    """The longest pause ran out, or the pause was not scored."""

    CLOSED = "closed"
    """The input ended, or the speaker left."""

    LIMIT = "limit"
    """The longest turn was reached."""


@dataclass(frozen=True, slots=True)
class Span:
    """A turn's audio so far, in seconds on the conversation clock."""

    turn: int
    """Number of the turn; grows over the conversation."""

    speaker: str
    start: float
    """First speech."""

    end: float
    """Last speech."""

    voiced: float
    """Seconds of speech between them."""

    over_reply: bool = False
    """Whether it began, or was taken up again, while a reply played."""

    continues: int | None = None
    """Turn that this one goes on with, whose reply had already begun."""


@dataclass(frozen=True, slots=True)
class Speculate:
    """Silence begins: transcribe on the chance that the turn is over."""

    span: Span


@dataclass(frozen=True, slots=True)
class ScoreEndOfTurn:
    """A pause: ask the end-of-turn model, and answer with ``receive_score``."""

    span: Span


@dataclass(frozen=True, slots=True)
class Resume:
    """Speech goes on: whatever was begun for the turn is void, its answer included."""

    turn: int


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The turn is over: understand and answer it, then ``receive_done``."""

    span: Span
    ended_by: EndedBy
    probability: float | None
    """The end-of-turn score of the last pause; ``None`` when it was not scored."""


@dataclass(frozen=True, slots=True)
class DropTurn:
    """It was too short to be speech: forget the turn."""

    turn: int


@dataclass(frozen=True, slots=True)
class StopReply:
    """``speaker`` interrupted: drop the reply to ``turn`` and what is queued to play."""

    turn: int
    speaker: str
    merged_into: int | None = None
    """Turn that takes ``turn`` in: its speaker was not done when the reply began."""


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Somebody talks over the reply, or no longer does: change how loud it is."""

    volume: Volume


Action = Speculate | ScoreEndOfTurn | Resume | EndTurn | DropTurn | StopReply | SetVolume
"""Something the caller must do. Carry out in the order given."""
