"""The check of ``doctor`` for Discord."""

from __future__ import annotations

from discord_bot.config import DiscordConfig
from server.doctor import Finding, Outcome
from server.setup.bot_account import DiscordUnavailableError, TokenRefusedError, find_account
from server.setup.invitation import invite_link


async def check_discord(config: DiscordConfig) -> Finding:
    """Ask Discord whose token it is, and where that bot may speak. Cancelling is safe."""
    if config.bot_token is None:
        return Finding(Outcome.SKIPPED, "DISCORD_BOT_TOKEN is not set", "uv run run.py setup")
    try:
        account = await find_account(config, config.bot_token.get_secret_value())
    except TokenRefusedError:
        return Finding(
            Outcome.FAILED,
            "Discord refuses DISCORD_BOT_TOKEN",
            "copy it again from the Developer Portal (your application, Bot, Reset Token)",
        )
    except DiscordUnavailableError as error:
        return Finding(
            Outcome.FAILED, str(error), "check the network, and that discord.com may be reached"
        )
    if account.needs_code_grant:
        return Finding(
            Outcome.WARNING,
            f"nobody can invite {account.name}: it requires a code grant",
            "in the Developer Portal, Bot, switch Requires OAuth2 Code Grant off",
        )
    if not account.guilds:
        link = invite_link(account.application_id)
        return Finding(Outcome.WARNING, f"{account.name} is in no server yet", f"invite it: {link}")
    return Finding(Outcome.OK, f"{account.name}, in: {', '.join(account.guilds)}")
