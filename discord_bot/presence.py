"""The bot on Discord, from its login until it is cancelled or thrown out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Never

from discord_bot import call_texts
from discord_bot.bot import Bot, BotError
from discord_bot.call_board import CallBoard
from discord_bot.commands import add_commands
from discord_bot.config import DiscordConfig
from discord_bot.line import Lines
from discord_bot.phone_commands import add_phone_commands
from discord_bot.rooms import VoiceRooms
from discord_bot.support import Support
from discord_bot.telephone import Telephone

logger = logging.getLogger(__name__)


class Presence:
    """One login of the bot with all it does there.

    Args:
        config: How Discord is reached.
        support: What the service gives.
        lines: Enters voice channels.
        come_back: Whether to enter the channels in which the bot was before this login.
        telephone: For calls; ``None`` when there is none.

    """

    def __init__(
        self,
        config: DiscordConfig,
        support: Support,
        lines: Lines,
        *,
        come_back: bool,
        telephone: Telephone | None = None,
    ) -> None:
        self._config = config
        self._support = support
        self._lines = lines
        self._come_back = come_back
        self._telephone = telephone
        self.was_here = False
        """Whether the login succeeded."""
        self._here = asyncio.Event()
        self._bot: Bot | None = None

    @property
    def name(self) -> str:
        """What the bot is called on Discord; "" before Discord has told."""
        return self._bot.user.name if self._bot and self._bot.user and self._bot.is_ready() else ""

    @property
    def is_connected(self) -> bool:
        """Whether Discord can be heard at this moment."""
        return self._bot is not None and self._bot.is_connected

    @property
    def guilds(self) -> int:
        """In how many servers the bot is."""
        return len(self._bot.guilds) if self._bot else 0

    async def stay(self, token: str) -> None:
        """Be on Discord until cancelled.

        Raises:
            BotError: It cannot be, or no longer.

        Cancelling leaves all channels.

        """
        self._bot = bot = self._new_bot()
        async with bot, asyncio.TaskGroup() as tasks:
            rooms = VoiceRooms(bot, self._lines, self._support, tasks)
            bot.event(rooms.on_voice_state_update)
            bot.event(rooms.on_guild_remove)
            help_ = call_texts.HELP if self._telephone else ""
            add_commands(bot.tree, rooms, self._support, more_help=help_)
            returning = tasks.create_task(self._keep_coming_back(rooms), name="coming back")
            staying = tasks.create_task(_outcome(bot.stay(token)), name="Discord")
            try:
                async with self._calls(bot, tasks):
                    await asyncio.wait([staying])
            finally:
                returning.cancel()
                await rooms.close()  # with Discord still there to be told
                staying.cancel()
        if failure := staying.result():
            raise failure

    @asynccontextmanager
    async def _calls(self, bot: Bot, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Let people make calls and follow them, where there is a telephone."""
        if self._telephone is None:
            yield
            return
        add_phone_commands(bot.tree, self._telephone)
        board = CallBoard(bot, self._telephone, tasks)
        with self._telephone.attach(board):
            try:
                yield
            finally:
                await board.close()

    async def _keep_coming_back(self, rooms: VoiceRooms) -> None:
        while True:
            await self._here.wait()
            self._here.clear()
            self.was_here = True
            if self._come_back:
                await rooms.come_back()
            else:
                await rooms.stay_away()
            self._come_back = True  # from now on a channel is lost only by accident

    def _new_bot(self) -> Bot:
        try:
            return Bot(self._config, on_here=self._here.set)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"discord.ca_file cannot be used ({reason}): name a file in PEM"
            raise BotError(message, retry=False) from None


async def _outcome(stay: Awaitable[Never]) -> BotError:
    """Return why a stay ended; raised, it would end everything else in the same breath."""
    try:
        await stay
    except BotError as error:
        return error
