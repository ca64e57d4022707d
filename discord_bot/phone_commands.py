"""The slash commands of the telephone."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from discord_bot import call_texts, texts
from discord_bot.call_rights import may_call
from discord_bot.commands import Interaction
from discord_bot.telephone import CallWish, PhoneCall, Telephone, TelephoneError

_MOST_SUGGESTIONS = 25

_LONGEST_NUMBER = 32
_LONGEST_TASK = 1000


def add_phone_commands(
    tree: app_commands.CommandTree[discord.Client], telephone: Telephone
) -> None:
    """Declare the commands by which people make calls."""
    _add_call(tree, telephone)
    _add_hangup(tree, telephone)


def _add_call(tree: app_commands.CommandTree[discord.Client], telephone: Telephone) -> None:
    @tree.command(description="Telephone somebody; what is said can be read here")
    @app_commands.describe(
        number="As +15551234567", task="What the call is for, in your words; the agent gets it"
    )
    @app_commands.guild_only()
    async def call(
        interaction: Interaction,
        number: app_commands.Range[str, 1, _LONGEST_NUMBER],
        task: app_commands.Range[str, 0, _LONGEST_TASK] = "",
    ) -> None:
        if not may_call(interaction, telephone.callers):
            await interaction.response.send_message(call_texts.NOT_ALLOWED, ephemeral=True)
            return
        await interaction.response.defer(thinking=True, ephemeral=True)
        asked_by = interaction.user.display_name
        key = f"discord:{interaction.id}"
        wish = CallWish(number, task, interaction.channel_id or 0, asked_by, key)
        try:
            placed = await telephone.place(wish)
            text = call_texts.calling(placed, followed=_may_write(interaction))
        except TelephoneError as error:
            text = str(error)
        await interaction.edit_original_response(content=texts.shortened(text))


def _may_write(interaction: Interaction) -> bool:
    """Return whether the bot may write where a command was given."""
    rights = interaction.app_permissions
    if isinstance(interaction.channel, discord.Thread):
        return rights.view_channel and rights.send_messages_in_threads
    return rights.view_channel and rights.send_messages


def _add_hangup(tree: app_commands.CommandTree[discord.Client], telephone: Telephone) -> None:
    async def suggest(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not may_call(interaction, telephone.callers):
            return []
        fitting = [one for one in telephone.calls() if typed.strip().lower() in _searched(one)]
        return [
            app_commands.Choice(name=call_texts.choice(one)[:100], value=one.id)
            for one in fitting[:_MOST_SUGGESTIONS]
        ]

    @tree.command(description="End a telephone call")
    @app_commands.describe(call="Which; the one that was begun here when you name none")
    @app_commands.autocomplete(call=suggest)
    @app_commands.guild_only()
    async def hangup(interaction: Interaction, call: str | None = None) -> None:
        text = call_texts.NOT_ALLOWED
        if may_call(interaction, telephone.callers):
            text = _hang_up(telephone, call, interaction.channel_id)
        await interaction.response.send_message(texts.shortened(text), ephemeral=True)


def _searched(call: PhoneCall) -> str:
    return f"{call.id} {call.number} {call.who} {call.task}".lower()


def _hang_up(telephone: Telephone, named: str | None, channel_id: int | None) -> str:
    """End the call that is meant, and return what is to be told."""
    calls = telephone.calls()
    meant = _meant(calls, named, channel_id)
    if not calls:
        return call_texts.NO_CALLS
    if named is not None and not meant:
        return call_texts.NO_SUCH_CALL
    if len(meant) != 1:
        return call_texts.which(meant or calls)
    [call] = meant
    return call_texts.ended(call) if telephone.hang_up(call.id) else call_texts.NO_SUCH_CALL


def _meant(
    calls: Sequence[PhoneCall], named: str | None, channel_id: int | None
) -> Sequence[PhoneCall]:
    """Return the calls that somebody may mean who names one, or none."""
    if named is None:
        return [one for one in calls if one.channel_id == channel_id]
    wanted = named.strip()
    return [one for one in calls if wanted in {one.id, one.number, one.who}]
