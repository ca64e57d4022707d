"""What the bot needs from the service around it, as Protocols."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from pipeline.cast import Cast
from pipeline.config import PipelineConfig, Sensitivity
from pipeline.engines import Engines
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import VoiceChoice


class SupportError(Exception):
    """Something that a room needs cannot be had; the message is for the people who asked."""


Choice = str | float | Mapping[str, Sequence[str]] | Mapping[str, VoiceChoice]
"""What a guild may have chosen, or taught."""


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """An agent that people can choose."""

    id: str
    name: str
    """What people call it."""


@dataclass(frozen=True, slots=True)
class GuildChoices:
    """What a guild chose for itself; ``None`` is the default of the settings."""

    agent: str | None = None
    sensitivity: Sensitivity | None = None
    channel_id: int | None = None
    """The voice channel in which the bot is wanted."""

    heard_names: Mapping[str, Sequence[str]] | None = None
    """What agents' names are misheard as there (:mod:`pipeline.name_variants`), by agent."""

    leaning: float | None = None
    """What it learnt from corrections (:mod:`pipeline.feedback`)."""

    voices: Mapping[str, VoiceChoice] | None = None
    """How agents are to sound there, by id; chosen by ``/voice`` or aloud."""


class RoomSupport(Protocol):
    """What one room works with while it is open."""

    @property
    def engines(self) -> Engines:
        """Models and servers."""

    @property
    def cast(self) -> Cast:
        """The agents, as the guild chose."""

    async def choose_agent(self, agent: str) -> AgentChoice:
        """Have another agent answer, with its own voice, from the next turn on.

        Raises:
            SupportError: There is no such agent; the message lists those there are.

        Cancelling leaves the agent as it was.

        """


def _nobody() -> Collection[int]:
    return ()


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """Where a room is."""

    guild_id: int
    channel_id: Callable[[], int]
    """Tells in which voice channel the bot is now."""

    people: Callable[[], Collection[int]] = _nobody
    """Tells the ids of who is in that channel now."""


class Support(Protocol):
    """What all rooms work with."""

    @property
    def pipeline(self) -> PipelineConfig:
        """Settings of hearing and turn taking."""

    def open_room(
        self, place: RoomPlace, choices: GuildChoices
    ) -> AbstractAsyncContextManager[RoomSupport]:
        """Make everything ready for one room.

        Args:
            place: Where it is; one at a time in each guild.
            choices: What the guild chose.

        Raises:
            SupportError: Something cannot be had.

        """

    async def agents(self) -> Sequence[AgentChoice]:
        """Return the agents that can be chosen, the default one first; at least one.

        Raises:
            SupportError: They are not known now.

        Cancelling is safe.

        """

    async def agent(self, name: str) -> AgentChoice:
        """Return the agent with this id or name; case does not count.

        Raises:
            SupportError: There is none; the message lists those there are.

        Cancelling is safe.

        """

    async def choices(self, guild_id: int) -> GuildChoices:
        """Return what a guild chose; nothing where that cannot be read. Cancelling is safe."""

    async def remember(self, guild_id: int, name: str, value: Choice | None) -> None:
        """Keep a choice; that it cannot be kept is only logged.

        Args:
            guild_id: Whose choice it is.
            name: A field of :class:`GuildChoices`.
            value: ``None`` forgets it.

        """

    def receive_turn(self, record: TurnRecord) -> None:
        """Take in that a turn is finished."""

    def report(self, guild_id: int) -> Sequence[str]:
        """Return lines for ``/status`` on how what the guild's room works with is doing."""
