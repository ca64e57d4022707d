"""The slash commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import aiohttp
import discord
from discord import app_commands

from discord_bot import texts
from discord_bot.support import AgentChoice, Support, SupportError
from pipeline.config import Sensitivity
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import FASTEST, SLOWEST, ChosenVoice
from pipeline.voice_names import DEFAULT

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

    @property
    def voice(self) -> ChosenVoice:
        """How the agent that answers speaks."""

    def voices(self) -> Sequence[str]:
        """Return the voices that can be chosen; empty when they are not known."""

    async def choose_voice(self, voice: str | None, speed: float | None) -> ChosenVoice:
        """Have the agent that answers speak otherwise, and remember it for this guild.

        Args:
            voice: One of the voices, or "default"; ``None`` leaves it as it is.
            speed: 1 is the voice's usual pace; ``None`` leaves it as it is.

        Raises:
            SupportError: There is no such voice; the message names those most like it.

        """

    def decision(self, back: int) -> TurnRecord | None:
        """Return what was said so many turns ago and what came of it; ``None`` that far back."""

    async def correct(self, decision: TurnRecord, *, right: bool) -> None:
        """Learn from what somebody says of a decision, for this guild."""


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
    """The commands; tells people when one of them broke, or does not work where they are."""

    async def interaction_check(self, interaction: Interaction) -> bool:
        """Return whether a command works where it was given, and tell whoever gave it if not."""
        refusal = self._refusal(interaction)
        if refusal and interaction.type is discord.InteractionType.application_command:
            await _tell_if_possible(interaction, refusal)
        return not refusal

    def _refusal(self, interaction: Interaction) -> str:
        if interaction.guild_id is None:
            # Discord offers the others only in servers, but may know them as they once were.
            return texts.SERVERS_ONLY if getattr(interaction.command, "guild_only", True) else ""
        # A link without the scope "bot" brings the commands into a server, but not the bot.
        return "" if self.client.get_guild(interaction.guild_id) else texts.NOT_A_MEMBER

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
        await _tell_if_possible(interaction, texts.BROKEN)


def add_commands(tree: CommandTree, rooms: Rooms, support: Support, *, more_help: str = "") -> None:
    """Declare the commands of rooms.

    Args:
        tree: Where.
        rooms: On which they act.
        support: What the service gives.
        more_help: What ``/help`` says of others.

    """
    _add_join(tree, rooms)
    _add_leave(tree, rooms)
    _add_agent(tree, rooms, support)
    _add_sensitivity(tree, rooms, support)
    _add_voice(tree, rooms)
    _add_status(tree, rooms, more_help)
    _add_why(tree, rooms)


async def _tell(interaction: Interaction, text: str) -> None:
    """Answer so that only whoever gave the command sees it."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)


async def _tell_if_possible(interaction: Interaction, text: str) -> None:
    try:
        await _tell(interaction, text)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        logger.warning("A command could not be answered: %s", type(error).__name__)


def _guild_id(interaction: Interaction) -> int:
    """Return the server in which a command was given."""
    if interaction.guild_id is None:
        raise AssertionError("the command tree lets nobody by")
    return interaction.guild_id


def _add_join(tree: CommandTree, rooms: Rooms) -> None:
    @tree.command(description="Bring the bot into a voice channel")
    @app_commands.describe(channel="Which; yours when you name none")
    @app_commands.guild_only()
    async def join(interaction: Interaction, channel: Channel | None = None) -> None:
        wanted = channel or _own_channel(interaction)
        if wanted is None:
            await _tell(interaction, texts.NO_CHANNEL)
            return
        if refusal := rooms.refusal(wanted):
            await _tell(interaction, refusal)
            return
        await interaction.response.defer(thinking=True)
        try:
            room = await rooms.join(wanted)
            text = texts.joined(room.channel_name, room.agent.name, room.sensitivity)
        except JoinError as error:
            text = str(error)
        await interaction.edit_original_response(content=texts.shortened(text))


def _own_channel(interaction: Interaction) -> Channel | None:
    member = interaction.user
    voice = member.voice if isinstance(member, discord.Member) else None
    return voice.channel if voice else None


def _add_leave(tree: CommandTree, rooms: Rooms) -> None:
    @tree.command(description="Send the bot out of the voice channel")
    @app_commands.guild_only()
    async def leave(interaction: Interaction) -> None:
        guild_id = _guild_id(interaction)
        room = rooms.find(guild_id)
        text = texts.left(room.channel_name) if room else texts.NOT_HERE
        await interaction.response.defer(thinking=True, ephemeral=room is None)
        await rooms.leave(guild_id)  # also where it is in none: it may be about to come back
        await interaction.edit_original_response(content=text)


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
        guild_id = _guild_id(interaction)
        room = rooms.find(guild_id)
        await interaction.response.defer(thinking=True, ephemeral=name is None)
        try:
            if name is None:
                text = await _agents(guild_id, room, support)
            else:
                choose = room.choose_agent if room else support.agent
                chosen = await choose(name.strip())
                await support.remember(guild_id, "agent", chosen.id)
                text = texts.agent_chosen(chosen.name, in_room=room is not None)
        except SupportError as error:
            text = str(error)
        await interaction.edit_original_response(content=texts.shortened(text))


async def _agents(guild_id: int, room: OpenRoom | None, support: Support) -> str:
    agents = await support.agents()
    if room is not None:
        return texts.agents_known(agents, room.agent.name)
    chosen = (await support.choices(guild_id)).agent
    current = next((one for one in agents if one.id == chosen), agents[0])
    return texts.agents_known(agents, current.name)


def _add_sensitivity(tree: CommandTree, rooms: Rooms, support: Support) -> None:
    @tree.command(description="Choose when the bot answers")
    @app_commands.describe(level="low: only when named; high: also what is plainly meant for it")
    @app_commands.guild_only()
    async def sensitivity(interaction: Interaction, level: Sensitivity | None = None) -> None:
        guild_id = _guild_id(interaction)
        room = rooms.find(guild_id)
        if level is None:
            current = room.sensitivity if room else (await support.choices(guild_id)).sensitivity
            current = current or support.pipeline.relevance.sensitivity
            await _tell(interaction, texts.sensitivity_is(current, changed=False))
            return
        if room is not None:
            room.sensitivity = level
        await interaction.response.send_message(texts.sensitivity_is(level, changed=True))
        await support.remember(guild_id, "sensitivity", level)


def _add_voice(tree: CommandTree, rooms: Rooms) -> None:
    async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        room = rooms.find(_guild_id(interaction))
        if room is None:
            return []
        names = dict.fromkeys((DEFAULT, *room.voices()))
        fitting = [name for name in names if typed.strip().lower() in name.lower()]
        return [
            app_commands.Choice(name=name[:100], value=name[:100])
            for name in fitting[:_MOST_SUGGESTIONS]
        ]

    @tree.command(description="Choose how the agent that answers sounds, or see how it does")
    @app_commands.describe(
        voice="Which; default is the agent's own", speed="1 is the voice's usual pace"
    )
    @app_commands.autocomplete(voice=suggest)
    @app_commands.guild_only()
    async def voice(
        interaction: Interaction,
        voice: str | None = None,
        speed: app_commands.Range[float, SLOWEST, FASTEST] | None = None,
    ) -> None:
        room = rooms.find(_guild_id(interaction))
        if room is None:
            await _tell(interaction, texts.NOT_HERE)
            return
        try:
            if voice is None and speed is None:
                await _tell(interaction, texts.voices(room.agent.name, room.voice, room.voices()))
                return
            chosen = await room.choose_voice(voice, speed)
        except SupportError as error:
            await _tell(interaction, texts.shortened(str(error)))
            return
        text = texts.voice_chosen(room.agent.name, chosen)
        await interaction.response.send_message(texts.shortened(text))


def _add_status(tree: CommandTree, rooms: Rooms, more_help: str) -> None:
    @tree.command(description="How the bot is doing")
    @app_commands.guild_only()
    async def status(interaction: Interaction) -> None:
        await _tell(interaction, texts.shortened(rooms.status(_guild_id(interaction))))

    @tree.command(name="help", description="What the bot can do")
    async def help_(interaction: Interaction) -> None:
        await _tell(interaction, texts.HELP + more_help)


def _add_why(tree: CommandTree, rooms: Rooms) -> None:
    @tree.command(description="Why the bot answered, or did not")
    @app_commands.describe(
        back="How many turns ago; 0 is the last", verdict="Was it right? The bot learns from it"
    )
    @app_commands.guild_only()
    async def why(
        interaction: Interaction,
        back: app_commands.Range[int, 0, 9] = 0,
        verdict: Literal["right", "wrong"] | None = None,
    ) -> None:
        room = rooms.find(_guild_id(interaction))
        decision = room.decision(back) if room else None
        if room is None or decision is None:
            await _tell(interaction, texts.NOTHING_HEARD if room else texts.NOT_HERE)
            return
        text = texts.decision(decision)
        if verdict is not None:
            await room.correct(decision, right=verdict == "right")
            text += f"\n{texts.verdict(answered=decision.addressed, right=verdict == 'right')}"
        await _tell(interaction, texts.shortened(text))
