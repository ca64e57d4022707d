"""The bot's connection to Discord."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Never

import aiohttp
import discord

from discord_bot.command_sync import same_commands
from discord_bot.commands import CommandTree
from discord_bot.config import DiscordConfig
from discord_bot.connector import make_connector

logger = logging.getLogger(__name__)


class BotError(Exception):
    """The bot is not on Discord; the message says why and what to do.

    Args:
        message: What happened.
        retry: Whether trying again later may help without anybody's doing.

    """

    def __init__(self, message: str, *, retry: bool) -> None:
        super().__init__(message)
        self.retry = retry


class Bot(discord.Client):
    """One session of the bot on Discord.

    Args:
        config: How Discord is reached.
        on_here: Called whenever Discord has told which guilds there are, and also after it had
            forgotten us: then no voice connection of before is alive.

    """

    def __init__(
        self,
        config: DiscordConfig,
        *,
        on_here: Callable[[], None],
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, voice_states=True),
            connector=make_connector(config),
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            activity=discord.Activity(type=discord.ActivityType.listening, name="/join"),
        )
        self.tree = CommandTree(self)
        self._on_here = on_here
        self.is_connected = False
        """Whether Discord can be heard at this moment."""

    async def setup_hook(self) -> None:
        """Tell Discord our commands, if they are not those that it knows."""
        try:
            known = [command.to_dict() for command in await self.tree.fetch_commands()]
            ours = [command.to_dict(self.tree) for command in self.tree.get_commands()]
            if same_commands(ours, known):
                return
            await self.tree.sync()
        except discord.HTTPException as error:
            logger.warning("The commands could not be registered: %s", error)
        else:
            logger.info("Registered %d commands", len(ours))

    async def on_ready(self) -> None:
        """Take in that the guilds are known."""
        name = self.user.name if self.user else "?"
        logger.info("On Discord as %s, in %d servers", name, len(self.guilds))
        self.is_connected = True
        self._on_here()

    async def on_resumed(self) -> None:
        """Take in that the session goes on."""
        self.is_connected = True
        self._on_here()

    async def on_disconnect(self) -> None:
        """Take in that the connection broke; discord.py makes another."""
        self.is_connected = False

    async def stay(self, token: str) -> Never:
        """Be on Discord until cancelled or thrown out.

        Raises:
            BotError: It cannot be, or no longer.

        """
        try:
            await self.start(token)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise failure(error) from None
        raise BotError("Discord ended the session; trying again", retry=True)


_LOGIN_REFUSED = (
    "Discord refuses DISCORD_BOT_TOKEN. Copy it again from the Developer Portal"
    " (https://discord.com/developers/applications, your application, Bot, Reset Token) into .env"
)
_INTENTS_REFUSED = (
    "Discord refuses the bot's intents. It needs only the unprivileged ones; in the Developer"
    " Portal, look whether the application was restricted or its token belongs to another one"
)
_OUTDATED = (
    "Discord no longer takes connections of this kind ({code}): the bot is in too many servers for"
    " one, or this version is too old. Update the program"
)


def failure(error: Exception) -> BotError:
    """Return what it means that discord.py could not log in or stay."""
    match error:
        case discord.LoginFailure() | discord.ConnectionClosed(code=4004):
            return BotError(_LOGIN_REFUSED, retry=False)
        case discord.PrivilegedIntentsRequired() | discord.ConnectionClosed(code=4013 | 4014):
            return BotError(_INTENTS_REFUSED, retry=False)
        case discord.ConnectionClosed(code=4010 | 4011 | 4012 as code):
            return BotError(_OUTDATED.format(code=code), retry=False)
        case discord.ConnectionClosed(code=code):
            return BotError(f"Discord closed the connection ({code}); trying again", retry=True)
        case discord.HTTPException(status=status):
            return BotError(f"Discord answers with an error ({status}); trying again", retry=True)
        case _:
            return BotError(
                f"Discord cannot be reached ({_reason(error)}); trying again. Check the network,"
                " and that a firewall lets this machine reach discord.com",
                retry=True,
            )


def _reason(error: BaseException) -> str:
    """Return what went wrong in few words; aiohttp's would hold addresses."""
    cause = getattr(error, "os_error", None) or error
    return getattr(cause, "strerror", None) or type(cause).__name__
