"""What relevance is asked, and what it answers: an utterance, and whom it was meant for."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.interfaces import Participant
from pipeline.name_variants import NearMiss


@dataclass(frozen=True, slots=True)
class NamedAgent:
    """An agent and what people call it."""

    id: str
    names: tuple[str, ...]
    """The spoken name first, then other names it answers to."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one person said in one turn."""

    speaker: Participant
    text: str
    start: float
    """Seconds on the conversation clock."""

    end: float
    """Seconds on the conversation clock."""

    continues: Judgement | None = None
    """Of the turn that this one goes on with, whose reply had already begun."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an utterance was meant for the bot."""

    addressed: bool
    score: float
    """Probability in [0, 1], by the features in :attr:`why`."""

    why: str
    """The deciding rule and all features with their weights, on one line. Names
    of people and agents may stand in it, the rest of what was said does not."""

    agent: str
    """Id of the agent that should answer: the one named, else the current one."""

    bare_name: bool = False
    """Whether nothing but a name was said: what is wanted may follow."""

    named: bool = False
    """Whether the agent was called, now or in the turn that this goes on with."""

    grey: bool = False
    """Whether it was a close decision; never one about a name."""

    near_miss: NearMiss | None = None
    """Something like an agent's name, where one calls it."""
