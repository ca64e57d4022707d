"""What turn taking remembers of a turn, and of the reply that plays."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pipeline.turn_actions import Span


class Phase(enum.Enum):
    """Where a turn stands."""

    TALKING = enum.auto()
    """Speech is heard, or was a moment ago."""

    PAUSED = enum.auto()
    """Silence long enough to ask whether the turn is over."""

    ENDED = enum.auto()
    """Over; its reply has not begun to play."""


@dataclass(slots=True)
class TurnState:
    """One person's turn, as far as it has come."""

    number: int
    speaker: str
    start: float
    """First speech."""

    end: float
    """Last speech."""

    continues: int | None = None
    """Number of the turn that it goes on with."""

    over_reply: int | None = None
    """Number of the turn over whose reply its speech began, or was taken up again."""

    phase: Phase = Phase.TALKING
    voiced: float = 0.0
    """Seconds of speech."""

    speculated: bool = False
    """Whether something was begun on the chance that it is over."""

    paused: bool = False
    """Whether its speaker went on after a pause."""

    stopped_at: float | None = None
    """When its speaker's client stopped sending, in this pause."""

    scored: bool = False
    """Whether the end-of-turn model has answered in this pause."""

    probability: float | None = None
    """Its score; ``None`` when it could not tell."""

    trails_off: bool = False
    """Whether its words break off in the middle of a sentence."""

    deadline: float = 0.0
    """When the pause ends the turn."""

    def span(self) -> Span:
        """Return its audio so far."""
        over_reply = self.over_reply is not None
        times = self.start, self.end, self.voiced
        return Span(self.number, self.speaker, *times, over_reply, self.continues)


@dataclass(frozen=True, slots=True)
class ReplyState:
    """The reply that is playing, or the turn a longest turn was cut at."""

    turn: int
    speaker: str
    turn_start: float
    turn_end: float
    voiced: float
    began: float = 0.0
    """When it was first heard."""
