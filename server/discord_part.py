"""The Discord bot in the service: logs in, stays, and comes back."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from discord_bot.bot import BotError
from discord_bot.config import DiscordConfig
from discord_bot.line import Lines
from discord_bot.presence import Presence
from discord_bot.telephone import Telephone
from server.config import Config
from server.parts import PartState, PartStatus
from server.phone.discord_desk import DiscordTelephone
from server.phone.part import PhonePart
from server.phone_support import phone_agent
from server.room_support import ServiceSupport

logger = logging.getLogger(__name__)

_PAUSES = (2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before each new login; the last one again and again."""

_TAKEN = (
    "another process on this machine uses this DISCORD_BOT_TOKEN. Stop it, or give it a token of"
    " its own"
)


class DiscordPart:
    """Keeps the bot on Discord while the service runs.

    Args:
        config: The token, and how Discord is reached.
        support: What rooms get from the service.
        lines: Enters voice channels.
        telephone: For calls; ``None`` when there is none.

    """

    name = "discord"
    router = None

    def __init__(
        self,
        config: DiscordConfig,
        support: ServiceSupport,
        lines: Lines,
        telephone: Telephone | None = None,
    ) -> None:
        self._config = config
        self._telephone = telephone
        self._support = support
        self._lines = lines
        self._presence: Presence | None = None
        self._problem = ""

    def status(self) -> PartStatus:
        """How the bot is doing now."""
        if self._config.bot_token is None:
            return PartStatus(PartState.OFF, "DISCORD_BOT_TOKEN is not set")
        if self._presence and self._presence.name:
            count = self._presence.guilds
            where = f"{self._presence.name}, in {count} {'server' if count == 1 else 'servers'}"
            if self._presence.is_connected:
                return PartStatus(PartState.OK, where)
            lost = f"the connection to Discord is being made again; {where}"
            return PartStatus(PartState.DEGRADED, lost)
        if self._problem:
            return PartStatus(PartState.FAILED, self._problem)
        return PartStatus(PartState.STARTING, "logging in to Discord")

    async def run(self) -> None:
        """Keep the bot on Discord until cancelled, or until only new settings can help."""
        token = self._config.bot_token
        if token is None:
            return
        with _only_user_of(token.get_secret_value()) as only:
            if not only:
                self._tell(_TAKEN)
                return
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._support.keep_turns(), name="keeping turns")
                try:
                    await self._stay(token.get_secret_value())
                finally:
                    keeping.cancel()

    async def _stay(self, token: str) -> None:
        failures, come_back = 0, self._config.rejoin
        while True:
            self._presence = Presence(
                self._config,
                self._support,
                self._lines,
                come_back=come_back,
                telephone=self._telephone,
            )
            try:
                await self._presence.stay(token)
            except BotError as error:
                if self._presence.was_here:
                    failures, come_back, self._problem = 0, True, ""
                self._tell(str(error))
                if not error.retry:
                    return
            finally:
                self._presence = None
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1

    def _tell(self, problem: str) -> None:
        news, self._problem = problem != self._problem, problem
        logger.log(logging.ERROR if news else logging.DEBUG, "Discord: %s", problem)


def discord_telephone(phone: PhonePart, config: Config) -> Telephone | None:
    """Return the telephone as people on Discord use it; ``None`` while it is off."""
    if phone.status().state is PartState.OFF:
        return None
    known = (one.discord for one in config.identities.values() if one.discord is not None)
    return DiscordTelephone(phone, config.phone, phone_agent(config).name, known)


@contextmanager
def _only_user_of(token: str) -> Iterator[bool]:
    """Tell whether no other process on this machine uses the token; it is ours meanwhile."""
    name = hashlib.sha256(token.encode()).hexdigest()[:16]
    lock = filelock.FileLock(Path(tempfile.gettempdir()) / f"openclaw-voice-{name}.lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        yield False
        return
    except OSError as error:
        logger.debug("Whether another process uses the token cannot be told: %s", error)
        yield True
        return
    try:
        yield True
    finally:
        lock.release()
