"""Which bot a token belongs to."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from dataclasses import dataclass

import aiohttp
import discord

from discord_bot.config import DiscordConfig
from discord_bot.connector import make_connector

_PATIENCE = 15.0
"""Seconds for all questions together; the library tries again by itself where that may help."""

_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header."""


class TokenRefusedError(Exception):
    """Discord knows no bot by this token."""


class DiscordUnavailableError(Exception):
    """Discord cannot be asked now; the message says why."""


@dataclass(frozen=True, slots=True)
class BotAccount:
    """A bot as Discord describes it."""

    name: str
    application_id: int
    guilds: tuple[str, ...]
    """Names of the servers it is in; of more than 200, the first."""

    needs_code_grant: bool
    """Whether the switch Requires OAuth2 Code Grant is on: then nobody can invite it."""


async def find_account(config: DiscordConfig, token: str) -> BotAccount:
    """Ask Discord whose token this is; the bot does not go online by that.

    Args:
        config: How Discord is reached. Its own token is not used.
        token: The token to ask about.

    Raises:
        TokenRefusedError: It is no bot's token.
        DiscordUnavailableError: There was no answer, or none that tells.

    Cancelling closes the connection.

    """
    if not _TOKEN.fullmatch(token):
        raise TokenRefusedError
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _ask(config, token)
    except discord.LoginFailure:
        raise TokenRefusedError from None
    except discord.HTTPException as error:
        raise DiscordUnavailableError(f"Discord answers with an error ({error.status})") from None
    except (aiohttp.ClientError, OSError) as error:  # among them TimeoutError
        raise DiscordUnavailableError(f"Discord cannot be reached ({_reason(error)})") from None
    except (TypeError, LookupError, ValueError):  # a proxy's login page, where JSON should be
        raise DiscordUnavailableError("something else answers in the place of Discord") from None


async def _ask(config: DiscordConfig, token: str) -> BotAccount:
    intents = discord.Intents(guilds=True)
    async with discord.Client(intents=intents, connector=_connector(config)) as client:
        await client.login(token)
        guilds = [guild.name async for guild in client.fetch_guilds(limit=200, with_counts=False)]
        application = client.application
        if client.user is None or application is None:
            raise LookupError("a login without an account")
        return BotAccount(
            _printable(str(client.user)),
            application.id,
            tuple(map(_printable, guilds)),
            application.bot_require_code_grant,
        )


def _connector(config: DiscordConfig) -> aiohttp.TCPConnector | None:
    try:
        return make_connector(config)
    except OSError:
        raise DiscordUnavailableError("discord.ca_file cannot be used") from None


def _printable(name: str) -> str:
    """Return the name without what could command a terminal: other people choose names."""
    return "".join(filter(str.isprintable, name))


def _reason(error: aiohttp.ClientError | OSError) -> str:
    """Return what went wrong in few words; the libraries' own would hold addresses."""
    inside = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
    match inside or error:
        case ssl.SSLError() as refusal:
            return getattr(refusal, "verify_message", "") or refusal.reason or "TLS failed"
        case socket.gaierror() as unknown:
            return unknown.strerror or "its name was not found"
        case TimeoutError(errno=None):
            return "no answer in time"
        case OSError(errno=int(number)):
            return os.strerror(number)
        case other:
            return type(other).__name__
