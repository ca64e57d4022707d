"""Whose token it is, asked of a Discord on loopback."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path

import pytest

from discord_bot.config import DiscordConfig
from server.setup.bot_account import (
    BotAccount,
    DiscordUnavailableError,
    TokenRefusedError,
    find_account,
)
from tests.peers.discord import GUARD, FakeDiscord
from tests.peers.discord.world import BOT_ID


def settings(discord: FakeDiscord) -> DiscordConfig:
    return DiscordConfig(resolve_to=f"127.0.0.1:{discord.port}", ca_file=discord.ca_file)


def look_up(discord: FakeDiscord, token: str | None = None) -> BotAccount:
    async def run() -> BotAccount:
        async with discord:
            return await find_account(settings(discord), token or discord.token)

    return asyncio.run(asyncio.wait_for(run(), GUARD))


def test_a_bot_and_its_servers() -> None:
    discord = FakeDiscord()
    discord.add_guild(77, "Caf\x1b[31mé")
    assert look_up(discord) == BotAccount(
        "voicebot", BOT_ID, ("Workshop", "Caf[31mé"), needs_code_grant=False
    )
    assert not discord.rest.unhandled


def test_a_wrong_token_is_refused() -> None:
    with pytest.raises(TokenRefusedError):
        look_up(FakeDiscord(), "MTEx.wrong.token")


@pytest.mark.parametrize("token", ["", "two words", "ünïcode", "line\nbreak"])
def test_what_cannot_be_a_token_is_not_even_sent(token: str) -> None:
    with pytest.raises(TokenRefusedError):
        asyncio.run(find_account(DiscordConfig(resolve_to="127.0.0.1:9"), token))


def test_an_error_of_discords_own() -> None:
    discord = FakeDiscord()
    discord.rest.fail("GET", "/users/@me$", HTTPStatus.FORBIDDEN)
    with pytest.raises(DiscordUnavailableError, match=r"answers with an error \(403\)"):
        look_up(discord)


def test_something_else_in_discords_place() -> None:
    discord = FakeDiscord()
    discord.rest.fail("GET", "/users/@me$", HTTPStatus.OK, message="Please log in")
    with pytest.raises(DiscordUnavailableError, match="something else answers"):
        look_up(discord)


def test_nobody_there(unused_port: int) -> None:
    config = DiscordConfig(resolve_to=f"127.0.0.1:{unused_port}")
    with pytest.raises(DiscordUnavailableError, match=r"reached \(Connection refused\)"):
        asyncio.run(find_account(config, "token"))


def test_a_certificate_that_is_not_trusted() -> None:
    async def run() -> None:
        async with FakeDiscord() as discord:
            config = DiscordConfig(resolve_to=f"127.0.0.1:{discord.port}")
            await find_account(config, discord.token)

    with pytest.raises(DiscordUnavailableError, match=r"self-signed|unable to get local issuer"):
        asyncio.run(run())


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    config = DiscordConfig(resolve_to="127.0.0.1:9", ca_file=tmp_path / "none.pem")
    with pytest.raises(DiscordUnavailableError, match=r"discord\.ca_file cannot be used"):
        asyncio.run(find_account(config, "token"))
