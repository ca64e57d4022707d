"""Who may make calls: they cost the owner money, and speak in the owner's name."""

from __future__ import annotations

import discord

from discord_bot.commands import Interaction
from discord_bot.telephone import Callers


def may_call(interaction: Interaction, callers: Callers) -> bool:
    """Return whether somebody may make and end calls, and approve them.

    These may: whoever the settings name, by themselves or by a role; the owner of the bot; and
    members with the permission Manage Server. The permission counts in any server of a bot that
    only its owner can invite, and else in the owner's own servers: a stranger could invite the bot
    into a server of theirs.
    """
    member = interaction.user
    if not isinstance(member, discord.Member):
        return member.id in callers.users
    if member.id in callers.users or any(role.id in callers.roles for role in member.roles):
        return True
    owners, public = ownership(interaction.client)
    if member.id in owners:
        return True
    trusted = not public or member.guild.owner_id in owners
    return trusted and interaction.permissions.manage_guild


def ownership(client: discord.Client) -> tuple[frozenset[int], bool]:
    """Return whose bot it is, and whether others can invite it too."""
    application = client.application
    if application is None:
        return frozenset(), True
    if application.team is not None:
        accepted = discord.TeamMembershipState.accepted
        team = (one for one in application.team.members if one.membership_state is accepted)
        return frozenset(one.id for one in team), application.bot_public
    return frozenset({application.owner.id}), application.bot_public
