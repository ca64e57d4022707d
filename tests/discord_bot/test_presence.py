"""One login of the bot: what it does when it is there, and why it ends; on a fake Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from discord_bot.bot import BotError
from discord_bot.config import DiscordConfig
from discord_bot.presence import Presence
from discord_bot.support import GuildChoices
from tests.discord_bot.rooms_scene import ScriptedLines, ScriptedSupport
from tests.peers.discord import GUARD, ChannelKind, FakeDiscord, until
from tests.peers.discord.world import GUILD_ID

TEXT, LOUNGE, OFFICE = 600, 700, 701


@dataclass
class Scene:
    """A server, and a bot that was in its lounge."""

    discord: FakeDiscord
    lines: ScriptedLines = field(default_factory=ScriptedLines)
    support: ScriptedSupport = field(
        default_factory=lambda: ScriptedSupport({GUILD_ID: GuildChoices(channel_id=LOUNGE)})
    )

    def presence(self, *, come_back: bool = True) -> Presence:
        place = f"127.0.0.1:{self.discord.port}"
        config = DiscordConfig(resolve_to=place, ca_file=self.discord.ca_file)
        return Presence(config, self.support, self.lines, come_back=come_back)

    async def break_connection(self) -> None:
        """Have the bot lose its connection to Discord, and resume its session."""
        (session,) = self.discord.gateway.connected
        self.discord.gateway.drop()
        await until(lambda: session.resumes == 1)

    @asynccontextmanager
    async def present(
        self, *, come_back: bool = True
    ) -> AsyncIterator[tuple[Presence, asyncio.Task[None]]]:
        """Have the bot on Discord until the block ends."""
        presence = self.presence(come_back=come_back)
        staying = asyncio.create_task(presence.stay(self.discord.token))
        try:
            yield presence, staying
        finally:
            staying.cancel()
            with suppress(asyncio.CancelledError, BotError):
                await staying


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with asyncio.timeout(4 * GUARD), FakeDiscord() as fake:
        fake.add_channel(TEXT, "general", ChannelKind.TEXT)
        fake.add_channel(LOUNGE, "Lounge")
        fake.add_channel(OFFICE, "Office")
        yield Scene(fake)


def test_it_comes_back_and_leaves_its_channel_before_it_goes():
    async def test() -> None:
        async with scene() as set_, set_.present() as (presence, staying):
            assert presence.name == ""
            assert not presence.is_connected
            assert not presence.was_here
            await until(lambda: set_.lines.inside == {GUILD_ID})
            assert (presence.name, presence.guilds) == ("voicebot", 1)
            assert presence.is_connected
            assert presence.was_here
            await set_.break_connection()
            await until(lambda: presence.is_connected)
            staying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await staying
            assert set_.lines.inside == set_.support.open == set()
            assert set_.support.wanted(GUILD_ID) == LOUNGE

    asyncio.run(test())


def test_where_it_is_not_to_come_back_it_does_not_later_either():
    async def test() -> None:
        async with scene() as set_, set_.present(come_back=False) as (presence, _):
            await until(lambda: presence.was_here)
            await set_.break_connection()
            await asyncio.sleep(0.1)  # in which it could come back
            assert set_.lines.attempts == []
            assert set_.support.wanted(GUILD_ID) is None

    asyncio.run(test())


def test_it_remembers_where_it_was_moved_and_forgets_a_server_that_removed_it():
    async def test() -> None:
        async with scene() as set_, set_.present():
            await until(lambda: set_.lines.inside)
            (session,) = set_.discord.gateway.connected
            where = {"guild_id": str(GUILD_ID), "channel_id": str(LOUNGE)}
            set_.discord.on_voice_state_request(session, where)
            await set_.discord.move_bot(OFFICE)
            await until(lambda: set_.support.wanted(GUILD_ID) == OFFICE)
            set_.discord.gateway.dispatch("GUILD_DELETE", {"id": str(GUILD_ID)})
            await until(lambda: set_.support.wanted(GUILD_ID) is None)
            assert set_.lines.inside == set()

    asyncio.run(test())


def test_a_refused_token_ends_it():
    async def test() -> None:
        async with scene() as set_:
            presence = set_.presence()
            with pytest.raises(BotError, match="refuses DISCORD_BOT_TOKEN") as refused:
                await presence.stay("MTIz.wrong.secret")
            assert not refused.value.retry
            assert not presence.was_here
            assert set_.support.wanted(GUILD_ID) == LOUNGE

    asyncio.run(test())


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path):
    async def test() -> None:
        config = DiscordConfig(ca_file=tmp_path / "none.pem")
        presence = Presence(config, ScriptedSupport(), ScriptedLines(), come_back=True)
        with pytest.raises(BotError, match="ca_file cannot be used") as refused:
            await presence.stay("MTIz.some.token")
        assert not refused.value.retry

    asyncio.run(test())
