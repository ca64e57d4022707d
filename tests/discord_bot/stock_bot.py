"""discord.py's own client, unpatched: a small bot with a few commands, on the fake Discord."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import discord
import numpy as np
import numpy.typing as npt
from discord import app_commands

from tests.peers.discord import GUARD, ChannelKind, FakeDiscord, FakeUser, until

GENERAL, LOUNGE, WORKROOM, STAGE = 600, 700, 701, 702
QUIET = 0.15
"""Seconds after which the bot is taken to have ended what it said."""


def load_opus() -> None:
    """Give discord.py the libopus inside PyAV."""
    if not discord.opus.is_loaded():
        folder = Path(av.__file__).parents[1] / "av.libs"
        discord.opus.load_opus(str(next(folder.glob("libopus*"))))


class StockBot(discord.Client):
    """A bot as the documentation of discord.py has it."""

    def __init__(self, connector: object, intents: discord.Intents) -> None:
        super().__init__(intents=intents, connector=connector, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.events: list[str] = []
        self._add_commands()

    @property
    def call(self) -> discord.VoiceClient:
        (client,) = self.voice_clients
        assert isinstance(client, discord.VoiceClient)
        return client

    @property
    def secured(self) -> bool:
        """Whether what it says is encrypted from end to end."""
        return bool(self.voice_clients) and self.call._connection.can_encrypt

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_socket_event_type(self, name: str) -> None:
        self.events.append(name)

    def say(self, samples: npt.NDArray[np.int16]) -> None:
        """Play 48 kHz mono."""
        stereo = np.stack([samples, samples], axis=1).astype("<i2").tobytes()
        self.call.play(discord.PCMAudio(io.BytesIO(stereo)))

    def _add_commands(self) -> None:
        @self.tree.command(description="Join a voice channel")
        async def join(
            interaction: discord.Interaction, channel: discord.VoiceChannel | None = None
        ) -> None:
            await interaction.response.defer(ephemeral=True)
            assert isinstance(interaction.user, discord.Member)
            state = interaction.user.voice
            target = channel or (state and state.channel)
            assert target is not None
            await target.connect(timeout=GUARD)
            await interaction.followup.send(f"Joined {target.name}")

        @self.tree.command(description="Choose an agent")
        async def agent(interaction: discord.Interaction, name: str) -> None:
            await interaction.response.send_message(f"Now {name}")
            await interaction.edit_original_response(content=f"Now {name}!")

        @agent.autocomplete("name")
        async def complete(
            _interaction: discord.Interaction, typed: str
        ) -> list[app_commands.Choice[str]]:
            names = [one for one in ("jarvis", "sage") if typed in one]
            return [app_commands.Choice(name=one.title(), value=one) for one in names]

        @self.tree.command(description="Ask with a button")
        async def ask(interaction: discord.Interaction) -> None:
            view = discord.ui.View(timeout=None)
            button: discord.ui.Button[discord.ui.View] = discord.ui.Button(
                label="Yes", custom_id="yes"
            )

            async def pressed(click: discord.Interaction) -> None:
                await click.response.edit_message(content="Pressed", view=None)

            button.callback = pressed
            view.add_item(button)
            await interaction.response.send_message("Sure?", view=view)


@dataclass
class Scene:
    """A Discord with two people, four channels, and the bot."""

    discord: FakeDiscord
    ann: FakeUser
    ben: FakeUser
    bot: StockBot

    async def in_call(self, channel_id: int = LOUNGE) -> None:
        """Let Ann bring the bot into a voice channel."""
        await self.ann.join(channel_id)
        await (await self.ann.run("join")).finished()
        if self.discord.rooms[channel_id].version:
            await until(lambda: self.ann.e2ee and self.bot.secured)


def furnish(fake: FakeDiscord) -> None:
    """Add the usual channels."""
    fake.add_channel(GENERAL, "general", ChannelKind.TEXT)
    fake.add_channel(LOUNGE, "Lounge")
    fake.add_channel(WORKROOM, "Workroom")
    fake.add_channel(STAGE, "Stage", ChannelKind.STAGE)


@asynccontextmanager
async def running_bot(
    fake: FakeDiscord, intents: discord.Intents | None = None
) -> AsyncIterator[StockBot]:
    """Run the bot; it need not get ready."""
    wanted = intents or discord.Intents(guilds=True, voice_states=True, guild_messages=True)
    bot = StockBot(fake.connector(), wanted)
    async with bot:
        running = asyncio.create_task(bot.start(fake.token))
        yield bot
    await running


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    """Build the usual Discord, with the bot logged in."""
    load_opus()
    async with asyncio.timeout(4 * GUARD), FakeDiscord() as fake:
        furnish(fake)
        ann = fake.add_user(2001, "ann", display_name="Ann")
        ben = fake.add_user(2002, "ben")
        async with running_bot(fake) as bot:
            await until(bot.is_ready)
            yield Scene(fake, ann, ben, bot)
        assert fake.rest.unhandled == []
