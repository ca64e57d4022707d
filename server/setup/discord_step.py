"""The Discord bot's token: asked for, looked up, and what to do with the bot."""

from __future__ import annotations

import asyncio

from discord_bot.config import DiscordConfig
from server.setup.bot_account import (
    BotAccount,
    DiscordUnavailableError,
    TokenRefusedError,
    find_account,
)
from server.setup.invitation import invite_link
from server.setup.step import Dialogue, StepResult

TOKEN = ("discord", "bot_token")

_WHERE = (
    "A bot's token comes from https://discord.com/developers/applications: open your application"
    "\n(or New Application), choose Bot, Reset Token, Copy. More in docs/discord.md."
)
_QUESTION = "Bot token, not shown while you type (empty: no Discord): "
_REFUSED = (
    "Discord refuses this token. It is neither the application's id, nor its public key, nor its"
    " client secret; Reset Token makes a new one, and ends the old."
)
_CODE_GRANT = (
    "Nobody can invite it yet: in the Developer Portal, under Bot, turn Requires OAuth2 Code Grant"
    " off."
)


def set_discord_up(config: DiscordConfig, dialogue: Dialogue) -> StepResult:
    """Find a token that works, and say how to invite the bot.

    Args:
        config: The token so far, if there is one, and how Discord is reached.
        dialogue: Asks for a token where there is none, or none that works.

    """
    token = _set_token(config) or _ask(dialogue, _WHERE)
    while token:
        try:
            account = asyncio.run(find_account(config, token))
        except TokenRefusedError:
            token = _ask(dialogue, f"Discord: {_REFUSED}")
            continue
        except DiscordUnavailableError as error:
            dialogue.say(f"Discord: {error}. The token is kept, but it has not been checked.")
        else:
            _describe(account, dialogue)
        return StepResult({TOKEN: token})
    if _set_token(config):
        return StepResult(problem="Discord refuses DISCORD_BOT_TOKEN: make a new one")
    return StepResult(missing="DISCORD_BOT_TOKEN is not set: there is no Discord bot")


def _set_token(config: DiscordConfig) -> str:
    return config.bot_token.get_secret_value() if config.bot_token else ""


def _ask(dialogue: Dialogue, why: str) -> str:
    """Ask for a token; people paste more than the token itself."""
    dialogue.say(why)
    return dialogue.ask_secret(_QUESTION).strip(" \t\"'").removeprefix("Bot ")


def _describe(account: BotAccount, dialogue: Dialogue) -> None:
    where = ", ".join(account.guilds) if account.guilds else "no server yet"
    dialogue.say(f"Discord: the bot {account.name} is in {where}.")
    if account.needs_code_grant:
        dialogue.say(_CODE_GRANT)
    another = "another" if account.guilds else "a"
    dialogue.say(f"To invite it to {another} server that you manage, open:")
    dialogue.say(f"  {invite_link(account.application_id)}")
