"""The slash commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import discord
from discord import app_commands

from discord_bot import texts
from discord_bot.support import AgentChoice, GuildChoices, Support, SupportError
from pipeline.config import Sensitivity

logger = logging.getLogger(__name__)

Channel: TypeAlias = discord.VoiceChannel | discord.StageChannel
Interaction: TypeAlias = discord.Interaction[discord.Client]

_MOST_SUGGESTIONS = 25
_SUGGESTION_LIMIT = 2.0
"""Seconds for looking agents up while somebody types; Discord waits for three."""

_ALREADY_ANSWERED = 40060
"""Discord's code for an interaction that somebody has answered before us."""


class JoinError(Exception):
    """The bot is not in the channel; the message is for the people who asked."""


class OpenRoom(Protocol):
    """A voice channel with the bot in it."""

    @property
    def channel_name(self) -> str:
        """Where it is."""

    @property
    def agent(self) -> AgentChoice:
        """Who answers when nobody is named."""

    @property
    def sensitivity(self) -> Sensitivity:
        """When it answers."""

    @sensitivity.setter
    def sensitivity(self, level: Sensitivity) -> None: ...

    async def choose_agent(self, agent: str) -> AgentChoice:
        """Have another agent answer; see :meth:`discord_bot.support.RoomSupport.choose_agent`."""


class Rooms(Protocol):
    """The voice channels that the bot is in."""

    def find(self, guild_id: int) -> OpenRoom | None:
        """Return a guild's room; ``None`` when the bot is in none there."""

    def refusal(self, channel: Channel) -> str:
        """Return why the bot cannot enter, "" when it can."""

    async def join(self, channel: Channel) -> OpenRoom:
        """Enter a channel, leaving the guild's other one.

        Raises:
            JoinError: It could not.

        """

    async def leave(self, guild_id: int) -> None:
        """Leave a guild's channel, and do not come back by itself."""

    def status(self, guild_id: int) -> str:
        """Return the text of ``/status``."""


class CommandTree(app_commands.CommandTree[discord.Client]):
    """The commands; tells people when one of them broke."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """Log what went wrong, and say so to whoever gave the command."""
        cause = error.__cause__ or error
        if isinstance(cause, discord.HTTPException) and cause.code == _ALREADY_ANSWERED:
            logger.error(
                "A command was answered by somebody else: another process uses this"
                " DISCORD_BOT_TOKEN. Stop it, or give it a token of its own"
            )
            return
        logger.error("A command broke", exc_info=cause)
        try:
            await _tell(interaction, texts.BROKEN)
        except discord.HTTPException:
            logger.debug("The command could not be answered either")


def add_commands(tree: CommandTree, rooms: Rooms, support: Support) -> None:
    """Declare every command."""
    _add_join(tree, rooms)
    _add_leave(tree, rooms)
    _add_agent(tree, rooms, support)
    _add_sensitivity(tree, rooms, support)
    _add_status(tree, rooms)


async def _tell(interaction: Interaction, text: str) -> None:
    """Answer so that only whoever gave the command sees it."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)


def _add_join(tree: CommandTree, rooms: Rooms) -> None:
    @tree.command(description="Bring the bot into a voice channel")
    @app_commands.describe(channel="Which; yours when you name none")
    @app_commands.guild_only()
    async def join(interaction: Interaction, channel: Channel | None = None) -> None:
        wanted = channel or _own_channel(interaction)
        if interaction.guild is None or wanted is None:
            missing = texts.NOT_A_MEMBER if interaction.guild is None else texts.NO_CHANNEL
            await _tell(interaction, missing)
            return
        if refusal := rooms.refusal(wanted):
            await _tell(interaction, refusal)
            return
        await interaction.response.defer(thinking=True)
        try:
            room = await rooms.join(wanted)
        except JoinError as error:
            text = str(error)
        else:
            text = texts.joined(room.channel_name, room.agent.name, room.sensitivity)
        await interaction.edit_original_response(content=texts.shortened(text))


def _own_channel(interaction: Interaction) -> Channel | None:
    member = interaction.user
    voice = member.voice if isinstance(member, discord.Member) else None
    return voice.channel if voice else None


def _add_leave(tree: CommandTree, rooms: Rooms) -> None:
    @tree.command(description="Send the bot out of the voice channel")
    @app_commands.guild_only()
    async def leave(interaction: Interaction) -> None:
        guild_id = interaction.guild_id or 0
        room = rooms.find(guild_id)
        if room is None:
            await rooms.leave(guild_id)  # it may be about to come back
            await _tell(interaction, texts.NOT_HERE)
            return
        await interaction.response.defer(thinking=True)
        await rooms.leave(guild_id)
        await interaction.edit_original_response(content=f"I left **{room.channel_name}**.")


def _add_agent(tree: CommandTree, rooms: Rooms, support: Support) -> None:
    async def suggest(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        try:
            async with asyncio.timeout(_SUGGESTION_LIMIT):
                agents = await support.agents()
        except (SupportError, TimeoutError):
            return []
        fitting = [one for one in agents if typed.lower() in f"{one.id} {one.name}".lower()]
        return [
            app_commands.Choice(name=one.name[:100], value=one.id[:100])
            for one in fitting[:_MOST_SUGGESTIONS]
        ]

    @tree.command(description="Choose who answers, or see who can")
    @app_commands.describe(name="Id of the agent")
    @app_commands.autocomplete(name=suggest)
    @app_commands.guild_only()
    async def agent(interaction: Interaction, name: str | None = None) -> None:
        guild_id = interaction.guild_id or 0
        room = rooms.find(guild_id)
        await interaction.response.defer(thinking=True, ephemeral=name is None)
        try:
            if name is None:
                text = await _agents(room, await support.choices(guild_id), support)
            else:
                chosen = await _choose(room, name.strip().lower(), support)
                await support.remember(guild_id, "agent", chosen.id)
                text = texts.agent_chosen(chosen.name, in_room=room is not None)
        except SupportError as error:
            text = str(error)
        await interaction.edit_original_response(content=texts.shortened(text))


async def _agents(room: OpenRoom | None, choices: GuildChoices, support: Support) -> str:
    agents = await support.agents()
    if room is not None:
        return texts.agents_known(agents, room.agent.name)
    current = next((one for one in agents if one.id == choices.agent), agents[0])
    return texts.agents_known(agents, current.name)


async def _choose(room: OpenRoom | None, name: str, support: Support) -> AgentChoice:
    if room is not None:
        return await room.choose_agent(name)
    agents = await support.agents()
    return _known(name, agents)


def _known(name: str, agents: Sequence[AgentChoice]) -> AgentChoice:
    for one in agents:
        if name in {one.id.lower(), one.name.lower()}:
            return one
    known = ", ".join(f"`{one.id}`" for one in agents)
    raise SupportError(f"There is no agent {discord.utils.escape_markdown(name)}. I know: {known}")


def _add_sensitivity(tree: CommandTree, rooms: Rooms, support: Support) -> None:
    @tree.command(description="Choose when the bot answers")
    @app_commands.describe(level="low: only when named; high: also what is plainly meant for it")
    @app_commands.guild_only()
    async def sensitivity(interaction: Interaction, level: Sensitivity | None = None) -> None:
        guild_id = interaction.guild_id or 0
        room = rooms.find(guild_id)
        if level is None:
            chosen = (await support.choices(guild_id)).sensitivity
            current = room.sensitivity if room else chosen
            current = current or support.pipeline.relevance.sensitivity
            await _tell(interaction, texts.sensitivity_is(current, changed=False))
            return
        if room is not None:
            room.sensitivity = level
        await interaction.response.send_message(texts.sensitivity_is(level, changed=True))
        await support.remember(guild_id, "sensitivity", level)


def _add_status(tree: CommandTree, rooms: Rooms) -> None:
    @tree.command(description="How the bot is doing")
    @app_commands.guild_only()
    async def status(interaction: Interaction) -> None:
        await _tell(interaction, texts.shortened(rooms.status(interaction.guild_id or 0)))

    @tree.command(name="help", description="What the bot can do")
    async def help_(interaction: Interaction) -> None:
        await _tell(interaction, texts.HELP)
