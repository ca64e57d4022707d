"""The token is asked for until one works or none is wanted."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import SecretStr

from discord_bot.config import DiscordConfig
from server.setup.discord_step import TOKEN, set_discord_up
from server.setup.step import StepResult
from tests.peers.discord import GUARD, FakeDiscord
from tests.server.setup.scripted import ScriptedPerson


def set_up(discord: FakeDiscord, person: ScriptedPerson, token: str | None = None) -> StepResult:
    async def run() -> StepResult:
        async with discord:
            config = DiscordConfig(
                bot_token=SecretStr(token) if token else None,
                resolve_to=f"127.0.0.1:{discord.port}",
                ca_file=discord.ca_file,
            )
            return await asyncio.to_thread(set_discord_up, config, person)

    return asyncio.run(asyncio.wait_for(run(), GUARD))


def test_a_token_that_works_is_not_asked_for() -> None:
    discord, person = FakeDiscord(), ScriptedPerson()
    result = set_up(discord, person, discord.token)
    assert result == StepResult({TOKEN: discord.token})
    assert discord.token not in person.text + repr(result)


def test_a_bot_in_no_server_is_told_how_to_come_into_one() -> None:
    discord, person = FakeDiscord(), ScriptedPerson()
    discord.guilds.clear()
    set_up(discord, person, discord.token)
    assert "is in no server yet" in person.text
    assert "To invite it to a server that you manage" in person.text


def test_an_application_that_cannot_be_invited_is_told() -> None:
    discord, person = FakeDiscord(), ScriptedPerson()
    usual = discord._endpoints._application

    def with_grant(*asked: Any) -> Any:
        return {**usual(*asked), "bot_require_code_grant": True}

    for path in ("/oauth2/applications/@me", "/applications/@me"):
        discord.rest.route("GET", path, with_grant)
        discord.rest._endpoints.insert(0, discord.rest._endpoints.pop())  # the first that fits
    set_up(discord, person, discord.token)
    assert "turn Requires OAuth2 Code Grant off" in person.text


def test_no_token_is_no_failure_but_missing() -> None:
    result = set_up(FakeDiscord(), ScriptedPerson(""))
    assert not result.problem
    assert "DISCORD_BOT_TOKEN is not set" in result.missing


def test_a_refused_token_that_is_not_replaced_is_a_problem() -> None:
    result = set_up(FakeDiscord(), ScriptedPerson("wrong", ""), "old")
    assert "Discord refuses DISCORD_BOT_TOKEN" in result.problem
    assert not result.values
