"""What ``doctor`` finds out about Discord."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr

from discord_bot.config import DiscordConfig
from server.discord_check import check_discord
from server.doctor import Finding, Outcome
from tests.peers.discord import FakeDiscord


def check(token: str | None = None, *, guilds: bool = True, port: int = 0) -> Finding:
    async def run() -> Finding:
        async with FakeDiscord() as discord:
            if not guilds:
                discord.guilds.clear()
            config = DiscordConfig(
                bot_token=SecretStr(token or discord.token),
                resolve_to=f"127.0.0.1:{port or discord.port}",
                ca_file=discord.ca_file,
            )
            return await check_discord(config)

    return asyncio.run(run())


def test_a_bot_in_a_server():
    finding = check()
    assert finding.outcome is Outcome.OK
    assert finding.message.startswith("voicebot")


def test_a_bot_in_no_server_comes_with_its_invitation():
    finding = check(guilds=False)
    assert finding.outcome is Outcome.WARNING
    assert "https://discord.com/oauth2/authorize?client_id=" in finding.fix


def test_a_wrong_token():
    finding = check("MTIz.wrong.secret")
    assert finding.outcome is Outcome.FAILED
    assert "Developer Portal" in finding.fix
    assert "secret" not in finding.message + finding.fix


def test_no_token():
    assert asyncio.run(check_discord(DiscordConfig())).outcome is Outcome.SKIPPED


def test_unreachable(unused_port):
    finding = check(port=unused_port)
    assert finding.outcome is Outcome.FAILED
    assert "cannot be reached" in finding.message
