"""A server with people in it, and the bot with a scripted telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from discord_bot.bot import BotError
from discord_bot.config import DiscordConfig
from discord_bot.presence import Presence
from discord_bot.telephone import CallDesk
from tests.discord_bot.phone_calls import ScriptedTelephone, call
from tests.discord_bot.rooms_scene import ScriptedLines, ScriptedSupport
from tests.peers.discord import GUARD, ChannelKind, FakeDiscord, FakeUser, Interaction, until
from tests.peers.discord.world import GUILD_ID, Guild, Json

TEXT, OTHER = 600, 601


@dataclass
class Scene:
    """Ann runs the server; Ben is somebody in it."""

    discord: FakeDiscord
    ann: FakeUser
    ben: FakeUser
    staying: asyncio.Task[None]
    telephone: ScriptedTelephone = field(default_factory=ScriptedTelephone)

    @property
    def guild(self) -> Guild:
        return self.discord.guilds[GUILD_ID]

    @property
    def desk(self) -> CallDesk:
        assert self.telephone.desk is not None
        return self.telephone.desk

    def messages(self, channel: int = TEXT) -> list[Json]:
        return self.guild.channels[channel].messages

    async def private(self, who: FakeUser, command: str, **options: Any) -> str:
        """Let somebody give a command whose answer only they see; return that."""
        given = await who.run(command, **options)
        text = await given.finished()
        assert given.ephemeral
        return text

    def begin(self, **more: Any) -> None:
        """Let a call go on that was begun here."""
        self.telephone.running.append(call(channel_id=TEXT, **more))

    async def reads(self, words: str, channel: int = TEXT) -> Json:
        """Wait for a message with these words."""
        return await until(
            lambda: next((one for one in self.messages(channel) if words in one["content"]), None)
        )

    async def leave(self) -> None:
        """Let the bot leave Discord."""
        self.staying.cancel()
        with suppress(asyncio.CancelledError, BotError):
            await self.staying


async def press(who: FakeUser, message: Json, button: str) -> Interaction:
    """Press a button until the bot answers: it may not know of its own message yet."""
    while True:
        given = await who.click(message, button)
        with suppress(TimeoutError):
            async with asyncio.timeout(3.0):
                await given.answered()
                return given


@asynccontextmanager
async def scene(
    telephone: ScriptedTelephone | None, *, public: bool = False
) -> AsyncIterator[Scene]:
    async with FakeDiscord() as fake:
        fake.bot_public = public
        fake.add_channel(TEXT, "general", ChannelKind.TEXT)
        fake.add_channel(OTHER, "other", ChannelKind.TEXT)
        ann = fake.add_user(2001, "ann", display_name="Ann")
        ben = fake.add_user(2002, "ben", display_name="Ben")
        fake.guilds[GUILD_ID].administrators.add(ann.user_id)
        place = f"127.0.0.1:{fake.port}"
        config = DiscordConfig(resolve_to=place, ca_file=fake.ca_file)
        presence = Presence(
            config, ScriptedSupport(), ScriptedLines(), come_back=False, telephone=telephone
        )
        staying = asyncio.create_task(presence.stay(fake.token))
        set_ = Scene(fake, ann, ben, staying, telephone or ScriptedTelephone())
        try:
            await until(lambda: presence.guilds and fake.commands.names())
            yield set_
        finally:
            await set_.leave()
        assert fake.rest.unhandled == []


def on_discord(
    test: Callable[[Scene], Awaitable[None]],
    telephone: ScriptedTelephone | None = None,
    *,
    public: bool = False,
) -> None:
    """Run a test on a Discord of its own."""

    async def main() -> None:
        given = telephone or ScriptedTelephone()
        async with asyncio.timeout(4 * GUARD), scene(given, public=public) as set_:
            await test(set_)

    asyncio.run(main())
