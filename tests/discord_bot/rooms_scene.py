"""Scripted voice channels and a scripted service, for the tests of rooms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

from discord_bot.commands import Channel
from discord_bot.line import Ending, LineError
from discord_bot.support import AgentChoice, GuildChoices, RoomPlace, SupportError
from pipeline.agents.echo import EchoAgent
from pipeline.audio import AudioFrame
from pipeline.cast import Cast, Persona
from pipeline.clock import Clock
from pipeline.config import PipelineConfig, RelevanceConfig, SoundsConfig
from pipeline.engines import Engines
from pipeline.interfaces import Participant, ParticipantLeft, ReplyAudio
from pipeline.judgement import NamedAgent
from pipeline.ledger import PlaybackLedger
from pipeline.relevance import Relevance
from pipeline.turn_record import TurnRecord

GUILD = 5
AGENTS = {"jarvis": "Jarvis", "sage": "Sage"}


def channel(id_: int = 700, name: str = "Lounge", guild: int = GUILD) -> Channel:
    """Return a channel as far as rooms look at it."""
    rights = SimpleNamespace(send_messages=False, view_channel=True)
    where = SimpleNamespace(id=guild, me=None)
    return cast(
        "Channel",
        SimpleNamespace(id=id_, name=name, guild=where, permissions_for=lambda _: rights),
    )


LOUNGE, OFFICE = channel(), channel(701, "Office")


class SilentTransport:
    """Nobody says a word, until it is closed."""

    def __init__(self) -> None:
        self.ledger = PlaybackLedger()
        self.closed = asyncio.Event()

    def participants(self) -> Sequence[Participant]:
        return ()

    async def events(self) -> AsyncIterator[AudioFrame | ParticipantLeft]:
        await self.closed.wait()
        for nothing in ():
            yield nothing

    async def play(self, audio: ReplyAudio) -> None:
        raise AssertionError(audio)

    async def drain(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def set_volume(self, volume: float) -> None:
        pass


class ScriptedLine:
    """A voice connection that ends when the test says so."""

    def __init__(self, where: Channel) -> None:
        self.transport = SilentTransport()
        self.channel = where
        self.ending: Ending | None = None

    def close(self) -> None:
        self.transport.closed.set()

    def report(self) -> Sequence[str]:
        return ["Heard nobody yet"]

    def end(self, why: Ending) -> None:
        self.ending = why
        self.close()


@dataclass
class ScriptedLines:
    """Voice channels: entering them succeeds, unless the test says otherwise."""

    script: list[Exception | None] = field(default_factory=list)
    """What becomes of the next attempts; ``None`` is a connection."""

    entering: float = 0.0
    """Seconds that entering takes."""

    leaving: float = 0.0
    """Seconds that leaving takes."""

    lasts: float | None = None
    """Seconds after which each connection breaks; ``None``: never by itself."""

    attempts: list[tuple[float, int]] = field(default_factory=list)
    """When which channel was tried."""

    lines: list[ScriptedLine] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    """Guilds in which the bot is in a channel."""

    @property
    def line(self) -> ScriptedLine:
        return self.lines[-1]

    @asynccontextmanager
    async def enter(self, where: Channel, clock: Clock) -> AsyncIterator[ScriptedLine]:
        loop = asyncio.get_running_loop()
        self.attempts.append((loop.time(), where.id))
        await asyncio.sleep(self.entering)
        if error := self.script.pop(0) if self.script else None:
            raise error
        assert where.guild.id not in self.inside, "two connections in one guild"
        self.inside.add(where.guild.id)
        line = ScriptedLine(where)
        self.lines.append(line)
        if self.lasts is not None:
            loop.call_later(self.lasts, line.end, Ending.LOST)
        try:
            yield line
        finally:
            try:
                await asyncio.sleep(self.leaving)
            finally:
                self.inside.discard(where.guild.id)


class ScriptedRoom:
    """What the service gives to one room."""

    def __init__(self, choices: GuildChoices) -> None:
        unused = cast("Any", None)
        self.engines = Engines(unused, None, unused, EchoAgent(AGENTS), unused)
        named = [NamedAgent(id_, (name,)) for id_, name in AGENTS.items()]
        relevance = Relevance(RelevanceConfig(), named)
        relevance.sensitivity = choices.sensitivity or relevance.sensitivity
        people = {id_: Persona(id_, name, "default") for id_, name in AGENTS.items()}
        self.cast = Cast(people, choices.agent or "jarvis", relevance)

    async def choose_agent(self, agent: str) -> AgentChoice:
        chosen = found(agent)
        self.cast.agent = chosen.id
        return chosen


def found(agent: str) -> AgentChoice:
    if agent.lower() not in AGENTS:
        raise SupportError("There is no such agent. I know: `jarvis`, `sage`")
    return AgentChoice(agent.lower(), AGENTS[agent.lower()])


@dataclass
class ScriptedSupport:
    """A service with two agents that remembers what guilds choose."""

    kept: dict[int, GuildChoices] = field(default_factory=dict)
    opening: list[Exception | None] = field(default_factory=list)
    """What becomes of the next rooms to be opened; ``None``: they open."""

    closing: float = 0.0
    """Seconds that closing a room takes."""

    unknown: Exception | None = None
    """Raised where agents are asked for."""

    opened: list[GuildChoices] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    records: list[TurnRecord] = field(default_factory=list)
    pipeline: PipelineConfig = field(
        default_factory=lambda: PipelineConfig(sounds=SoundsConfig(earcons=False))
    )
    channel_id: Callable[[], int] = int

    @asynccontextmanager
    async def open_room(
        self, place: RoomPlace, choices: GuildChoices
    ) -> AsyncIterator[ScriptedRoom]:
        guild_id = place.guild_id
        if error := self.opening.pop(0) if self.opening else None:
            raise error
        assert guild_id not in self.open, "two rooms in one guild"
        self.open.add(guild_id)
        self.opened.append(choices)
        self.channel_id = place.channel_id
        try:
            yield ScriptedRoom(choices)
        finally:
            try:
                await asyncio.sleep(self.closing)
            finally:
                self.open.discard(guild_id)

    async def agents(self) -> Sequence[AgentChoice]:
        if self.unknown is not None:
            raise self.unknown
        return [AgentChoice(id_, name) for id_, name in AGENTS.items()]

    async def agent(self, name: str) -> AgentChoice:
        return found(name)

    async def choices(self, guild_id: int) -> GuildChoices:
        return self.kept.get(guild_id, GuildChoices())

    async def remember(self, guild_id: int, name: str, value: str | int | None) -> None:
        await asyncio.sleep(0)
        former = self.kept.get(guild_id, GuildChoices())
        self.kept[guild_id] = replace(former, **{name: cast("Any", value)})

    def receive_turn(self, record: TurnRecord) -> None:
        self.records.append(record)

    def report(self, guild_id: int) -> Sequence[str]:
        return ["Agents: an echo"]

    def wanted(self, guild_id: int = GUILD) -> int | None:
        """Return the channel in which the bot is wanted."""
        return self.kept.get(guild_id, GuildChoices()).channel_id


def turn(number: int, *, addressed: bool = True) -> TurnRecord:
    return TurnRecord(
        id=f"t{number}",
        conversation=f"guild:{GUILD}",
        at="2026-03-01T12:00:00+00:00",
        speaker="Ann",
        speaker_id="2001",
        start=1.0,
        end=2.0,
        ended_by="smart_turn",
        end_of_turn_probability=0.9,
        text="what time is it",
        language="en",
        addressed=addressed,
        relevance=1.0,
        why="named",
        agent="jarvis",
        latency_ms={"total": number},
    )


def refused() -> LineError:
    return LineError("Discord did not let me in")
