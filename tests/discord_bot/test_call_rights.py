"""Who may spend the owner's money; see also ``test_phone_commands.py``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord

from discord_bot import call_texts
from discord_bot.call_rights import ownership
from tests.discord_bot.calls_scene import Scene, on_discord
from tests.discord_bot.phone_calls import NUMBER

STRANGER = 300_000_000_000_000_003


def test_in_the_owners_server_of_a_bot_that_all_can_invite_its_managers_may_call() -> None:
    async def test(set_: Scene) -> None:
        assert NUMBER in await set_.private(set_.ann, "call", number=NUMBER)

    on_discord(test, public=True)


def test_in_a_strangers_server_of_a_bot_that_all_can_invite_its_managers_may_not() -> None:
    async def test(set_: Scene) -> None:
        set_.guild.owner_id = STRANGER
        set_.discord.gateway.dispatch("GUILD_UPDATE", set_.guild.json(all_members=True))
        assert await set_.private(set_.ann, "call", number=NUMBER) == call_texts.NOT_ALLOWED
        assert not set_.telephone.wishes

    on_discord(test, public=True)


def test_a_bot_of_a_team_belongs_to_those_who_accepted() -> None:
    states = discord.TeamMembershipState
    team = SimpleNamespace(
        members=[
            SimpleNamespace(id=1, membership_state=states.accepted),
            SimpleNamespace(id=2, membership_state=states.invited),
        ]
    )
    application = SimpleNamespace(team=team, bot_public=True)
    assert ownership(client(application)) == ({1}, True)


def test_a_bot_that_does_not_know_whose_it_is_trusts_nobody() -> None:
    assert ownership(client(None)) == (frozenset(), True)


def client(application: Any) -> discord.Client:
    return cast("discord.Client", SimpleNamespace(application=application))
