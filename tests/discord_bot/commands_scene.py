"""A server with Ann and the bot in it, whose commands act on scripted rooms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import discord
from pydantic import SecretStr

from discord_bot.bot import Bot
from discord_bot.commands import Channel, add_commands
from discord_bot.config import DiscordConfig
from discord_bot.rooms import doorway, refusal
from discord_bot.support import AgentChoice, SupportError
from pipeline.config import Sensitivity
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import ChosenVoice
from tests.discord_bot.rooms_scene import ScriptedSupport, found
from tests.peers.discord import GUARD, ChannelKind, FakeDiscord, FakeUser, until
from tests.peers.discord.interactions import Interaction, InteractionKind
from tests.peers.discord.world import BOT_ID, GUILD_ID, Guild

TEXT, LOUNGE, OFFICE, STAGE = 600, 700, 701, 702


class OpenRoom:
    """A room with the bot in it."""

    def __init__(self, channel: Channel) -> None:
        self.channel_name = channel.name
        self.agent = AgentChoice("jarvis", "Jarvis")
        self.sensitivity: Sensitivity = "medium"
        self.decisions: list[TurnRecord] = []
        self.verdicts: list[tuple[TurnRecord, bool]] = []
        self.voice = ChosenVoice("jarvis", 1.0)
        self.known_voices = ["default", "jarvis", "sage", "de_DE-thorsten-high"]

    async def choose_agent(self, agent: str) -> AgentChoice:
        self.agent = found(agent)
        return self.agent

    def voices(self) -> Sequence[str]:
        return self.known_voices

    async def choose_voice(self, voice: str | None, speed: float | None) -> ChosenVoice:
        if voice == "nobody":
            raise SupportError("There is no voice 'nobody'.")
        self.voice = ChosenVoice(voice or self.voice.name, speed or self.voice.speed)
        return self.voice

    def decision(self, back: int) -> TurnRecord | None:
        return self.decisions[back] if back < len(self.decisions) else None

    async def correct(self, decision: TurnRecord, *, right: bool) -> None:
        self.verdicts.append((decision, right))


@dataclass
class ScriptedRooms:
    """The rooms of one guild."""

    room: OpenRoom | None = None
    fails: Exception | None = None
    """Raised by the next join."""

    let_in: asyncio.Event = field(default_factory=asyncio.Event)
    """Joining takes until this is set."""

    left: list[int] = field(default_factory=list)
    status_text: str = "All is well"

    def find(self, guild_id: int) -> OpenRoom | None:
        return self.room

    def refusal(self, channel: Channel) -> str:
        return refusal(doorway(channel))

    async def join(self, channel: Channel) -> OpenRoom:
        await self.let_in.wait()
        if self.fails is not None:
            raise self.fails
        self.room = OpenRoom(channel)
        return self.room

    async def leave(self, guild_id: int) -> None:
        self.left.append(guild_id)
        self.room = None

    def status(self, guild_id: int) -> str:
        return self.status_text


@dataclass
class Scene:
    """A server with Ann in it, and the bot logged in."""

    discord: FakeDiscord
    guild: Guild
    ann: FakeUser
    bot: Bot
    rooms: ScriptedRooms = field(default_factory=ScriptedRooms)
    support: ScriptedSupport = field(default_factory=ScriptedSupport)

    async def says(self, command: str, **options: Any) -> tuple[str, Interaction]:
        """Let Ann give a command; return what she sees, and how it came."""
        given = await self.ann.run(command, **options)
        return await given.finished(), given

    async def private(self, command: str, **options: Any) -> str:
        """Let Ann give a command whose answer only she sees; return that."""
        text, given = await self.says(command, **options)
        assert given.ephemeral
        return text

    async def public(self, command: str, **options: Any) -> str:
        """Let Ann give a command whose answer everybody sees; return that."""
        text, given = await self.says(command, **options)
        assert not given.ephemeral
        return text

    async def bring(self) -> OpenRoom:
        """Bring the bot into the lounge."""
        self.rooms.room = room = OpenRoom(self.channel(LOUNGE))
        return room

    def channel(self, channel_id: int) -> Channel:
        channel = self.bot.get_channel(channel_id)
        assert isinstance(channel, discord.VoiceChannel)
        return channel


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with FakeDiscord() as fake:
        fake.add_channel(TEXT, "general", ChannelKind.TEXT)
        fake.add_channel(LOUNGE, "Lounge")
        fake.add_channel(OFFICE, "Office")
        fake.add_channel(STAGE, "Arena", ChannelKind.STAGE)
        ann = fake.add_user(2001, "ann", display_name="Ann")
        place = f"127.0.0.1:{fake.port}"
        config = DiscordConfig(
            bot_token=SecretStr(fake.token), resolve_to=place, ca_file=fake.ca_file
        )
        bot = Bot(config, on_here=lambda: None)
        (guild,) = fake.guilds.values()
        set_ = Scene(fake, guild, ann, bot)
        set_.rooms.let_in.set()
        add_commands(bot.tree, set_.rooms, set_.support)
        async with bot:
            staying = asyncio.create_task(bot.stay(fake.token))
            await until(lambda: bot.get_channel(LOUNGE))
            yield set_
            staying.cancel()
            with suppress(asyncio.CancelledError):
                await staying
        assert fake.rest.unhandled == []


def on_discord(test: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a test on a Discord of its own."""

    async def main() -> None:
        async with asyncio.timeout(4 * GUARD), scene() as set_:
            await test(set_)

    asyncio.run(main())


async def away(set_: Scene, command: str, guild_id: int | None, **options: Any) -> Interaction:
    """Give a command in a direct message, or where the commands are and the bot is not."""
    registered = set_.discord.commands.find(GUILD_ID, command)
    given_options = [{"name": name, "type": 3, "value": text} for name, text in options.items()]
    data = {"id": registered["id"], "name": command, "type": 1, "options": given_options}
    given = set_.discord._desk.open(InteractionKind.COMMAND, data, 999)
    sender: dict[str, Any] = {"user": set_.ann.account.json()}
    if guild_id is not None:
        member = set_.guild.member_json(set_.ann.user_id)
        sender = {"guild_id": str(guild_id), "member": {**member, "permissions": "0"}}
    content = {
        "id": given.id,
        "application_id": str(BOT_ID),
        "type": int(InteractionKind.COMMAND),
        "token": given.token,
        "version": 1,
        "data": data,
        "channel_id": "999",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "attachment_size_limit": 0,
        **sender,
    }
    set_.discord.gateway.dispatch("INTERACTION_CREATE", content)
    await set_.discord.gateway.drain()
    return given
