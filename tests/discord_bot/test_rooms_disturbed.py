"""Twenty guilds call, move, send away and drop the bot all at once, on the fake Discord."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import discord
import pytest

from discord_bot.commands import JoinError
from discord_bot.rooms import VoiceRooms
from discord_bot.voice_line import Patience, VoiceLines
from tests.discord_bot.rooms_scene import ScriptedSupport
from tests.peers.discord import FakeDiscord, VoiceClose, until

GUILDS = range(10_000, 10_020)
LOUNGES, OFFICES = 10_000, 20_000
"""What a guild's id and its channel's differ by."""

PATIENCE = Patience(entering=4.0, look=0.1, keepalive=0.2)
ENDINGS = (
    VoiceClose.SESSION_NO_LONGER_VALID,
    VoiceClose.SESSION_TIMEOUT,
    VoiceClose.SERVER_CRASHED,
    VoiceClose.DISCONNECTED,
)


@dataclass
class Crowd:
    """The bot in many guilds, and what people do to it."""

    discord: FakeDiscord
    bot: discord.Client
    rooms: VoiceRooms
    told: list[str] = field(default_factory=list)
    """What those were told who called the bot in vain."""

    async def join(self, channel_id: int) -> None:
        channel = self.bot.get_channel(channel_id)
        assert isinstance(channel, discord.VoiceChannel)
        try:
            await self.rooms.join(channel)
        except JoinError as error:
            self.told.append(str(error))

    async def join_everywhere(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for guild in GUILDS:
                tasks.create_task(self.join(guild + LOUNGES))

    def is_in(self, guild: int) -> bool:
        session = self.discord.voice_gateway.current(guild)
        connected = session is not None and session.connected
        return connected and self.rooms.find(guild) is not None

    async def disturb(self, chance: random.Random, tasks: asyncio.TaskGroup) -> None:
        """Do something to the bot in one of the guilds."""
        guild = chance.choice(GUILDS)
        is_there = FakeDiscord.BOT_ID in self.discord.guilds[guild].voice_states
        session = self.discord.voice_gateway.current(guild)
        channels = guild + LOUNGES, guild + OFFICES
        people: list[Callable[[], object]] = [
            lambda: tasks.create_task(self.join(chance.choice(channels))),
            lambda: tasks.create_task(self.rooms.leave(guild)),
            lambda: self.discord.voice_states.remove_bot(guild),
        ]
        if is_there:
            people.append(lambda: self.discord.voice_states.move_bot(chance.choice(channels)))
            people.append(lambda: self.discord.voice_states.update_server(guild))
        if session is not None:
            people.append(session.drop)
            people.append(lambda: session.connection.close_soon(chance.choice(ENDINGS)))
        chance.choice(people)()
        await asyncio.sleep(chance.choice([0.0, 0.0, 0.01, 0.05]))


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """Log the bot in; in the end it leaves everywhere."""
    async with FakeDiscord() as fake:
        for guild in GUILDS:
            fake.add_guild(guild, "a guild")
            fake.add_channel(guild + LOUNGES, "Lounge", guild_id=guild)
            fake.add_channel(guild + OFFICES, "Office", guild_id=guild)
        bot = discord.Client(
            intents=discord.Intents(guilds=True, voice_states=True),
            connector=fake.connector(),
            guild_ready_timeout=0.05,
        )
        async with bot:
            running = asyncio.create_task(bot.start(fake.token))
            await until(bot.is_ready)
            async with asyncio.TaskGroup() as tasks:
                rooms = VoiceRooms(bot, VoiceLines(PATIENCE), ScriptedSupport(), tasks)
                yield Crowd(fake, bot, rooms)
                await rooms.close()
            places = [one.voice_states for one in fake.guilds.values()]
            await until(lambda: not any(FakeDiscord.BOT_ID in one for one in places))
            assert not bot.voice_clients
        await running


def threads_beside(known: set[threading.Thread]) -> set[threading.Thread]:
    """Return those that run beside some others and beside the event loop's, for files."""
    return {one for one in {*threading.enumerate()} - known if "asyncio" not in one.name}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_bot_comes_where_it_is_called_whatever_happens_and_leaves_nothing_behind(seed: int) -> None:
    async def main() -> None:
        threads = {*threading.enumerate()}
        chance = random.Random(seed)  # noqa: S311 - the same every time
        async with crowd() as scene:
            await scene.join_everywhere()
            assert all(map(scene.is_in, GUILDS))
            async with asyncio.TaskGroup() as tasks:
                for turn in range(150):
                    await scene.disturb(chance, tasks)
                    if turn % 50 == 49:
                        scene.discord.gateway.drop()
            await until(lambda: scene.bot.is_ready() and scene.discord.gateway.connected)
            scene.told.clear()
            await scene.join_everywhere()
            await until(lambda: all(map(scene.is_in, GUILDS)))
            assert scene.told == []
        await until(lambda: {*asyncio.all_tasks()} == {asyncio.current_task()})
        await until(lambda: not threads_beside(threads))

    asyncio.run(main())
