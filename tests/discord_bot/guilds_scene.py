"""Servers with voice channels, as far as the rooms of all guilds look at them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord

from discord_bot.commands import JoinError
from discord_bot.rooms import VoiceRooms
from tests.discord_bot.rooms_scene import GUILD, ScriptedLines, ScriptedSupport

BOT, ANN = 1, 2001


class Guild:
    """A server as far as rooms look at it."""

    def __init__(self, id_: int = GUILD) -> None:
        self.id = id_
        self.me = SimpleNamespace(id=BOT, guild=self)
        self.voice_client: object = None
        self.channels: dict[int, object] = {}

    def get_channel(self, channel_id: int) -> object:
        return self.channels.get(channel_id)


class Voice(discord.VoiceChannel):
    """A voice channel in which the bot may do what the test says."""

    def __init__(self, guild: Guild, id_: int, name: str) -> None:
        self.guild = cast("Any", guild)
        self.id = id_
        self.name = name
        self.user_limit = 0
        self.rights = discord.Permissions.all()
        self.people: list[int] = []
        guild.channels[id_] = self

    def permissions_for(self, obj: object, /) -> discord.Permissions:
        return self.rights

    @property
    def voice_states(self) -> Mapping[int, discord.VoiceState]:
        return dict.fromkeys(self.people, cast("Any", None))


class Stage(discord.StageChannel):
    """A stage on which the bot may only listen."""

    def __init__(self, guild: Guild) -> None:
        self.guild = cast("Any", guild)
        self.id = 710
        self.name = "Arena"
        self.user_limit = 0

    def permissions_for(self, obj: object, /) -> discord.Permissions:
        return discord.Permissions.all() & ~discord.Permissions(mute_members=True)

    @property
    def voice_states(self) -> Mapping[int, discord.VoiceState]:
        return {}


@dataclass
class Scene:
    """Two servers, the first with two channels."""

    lines: ScriptedLines = field(default_factory=ScriptedLines)
    support: ScriptedSupport = field(default_factory=ScriptedSupport)
    guild: Guild = field(default_factory=Guild)
    other: Guild = field(default_factory=lambda: Guild(6))

    def __post_init__(self) -> None:
        self.lounge = Voice(self.guild, 700, "Lounge")
        self.office = Voice(self.guild, 701, "Office")
        self.cellar = Voice(self.other, 800, "Cellar")

    @asynccontextmanager
    async def rooms(self) -> AsyncIterator[VoiceRooms]:
        client = cast("Any", SimpleNamespace(guilds=[self.guild, self.other]))
        async with asyncio.TaskGroup() as tasks:
            rooms = VoiceRooms(client, self.lines, self.support, tasks)
            yield rooms
            await rooms.close()
            assert self.lines.inside == self.support.open == set()

    @property
    def tried(self) -> list[int]:
        return [channel for _, channel in self.lines.attempts]


async def outcome(joining: asyncio.Task[Any]) -> str:
    """Return where a join has led, or why nowhere."""
    try:
        return str((await joining).channel_name)
    except JoinError as error:
        return str(error)
