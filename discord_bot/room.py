"""One guild's voice channel with the bot in it, for as long as the bot is wanted there."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import UTC, datetime

from discord_bot.commands import Channel, JoinError
from discord_bot.line import Ending, Line, LineError, Lines
from discord_bot.support import AgentChoice, RoomSupport, Support, SupportError
from pipeline.clock import LoopClock
from pipeline.config import Sensitivity
from pipeline.conversation import Conversation
from pipeline.engines import hold
from pipeline.turn_record import TurnRecord

logger = logging.getLogger(__name__)

TURNS_SHOWN = 3
"""Turns whose times ``/status`` shows."""

_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before each new attempt to come back; the last one again and again."""

_STEADY = 60.0
"""Seconds a connection must last before its loss counts as the first again."""


class Room:
    """Enters a channel, holds the conversation there, and comes back when the connection breaks.

    Args:
        channel: Where the bot is wanted.
        lines: Enters channels.
        support: What the service gives.

    """

    def __init__(self, channel: Channel, lines: Lines, support: Support) -> None:
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the bot is in the channel for the first time, or could not get there."""
        self._channel = channel
        self._lines = lines
        self._support = support
        self._line: Line | None = None
        self._parts: RoomSupport | None = None
        self._turns: deque[TurnRecord] = deque(maxlen=TURNS_SHOWN)
        self._failures = 0

    @property
    def channel(self) -> Channel:
        """Where the bot is now, or will be."""
        return self._line.channel if self._line else self._channel

    @property
    def channel_name(self) -> str:
        """What that channel is called."""
        return self.channel.name

    @property
    def is_open(self) -> bool:
        """Whether the bot is there, or on its way back."""
        return self._parts is not None and self.entered.done()

    @property
    def agent(self) -> AgentChoice:
        """Who answers when nobody is named."""
        cast = self._opened().cast
        return AgentChoice(cast.agent, cast.persona(cast.agent).name)

    @property
    def sensitivity(self) -> Sensitivity:
        """When the bot answers."""
        relevance = self._opened().cast.relevance
        return relevance.sensitivity if relevance else self._support.pipeline.relevance.sensitivity

    @sensitivity.setter
    def sensitivity(self, level: Sensitivity) -> None:
        if relevance := self._opened().cast.relevance:
            relevance.sensitivity = level

    async def choose_agent(self, agent: str) -> AgentChoice:
        """Have another agent answer; see :meth:`discord_bot.support.RoomSupport.choose_agent`."""
        return await self._opened().choose_agent(agent)

    def report(self) -> list[str]:
        """Return lines for ``/status``."""
        lines = [*self._line.report()] if self._line else ["The voice connection is being made"]
        if self._turns:
            lines.append("Last answers:")
            lines += [f"`{turn.latency_line()}`" for turn in self._turns]
        return lines

    async def stay(self) -> None:
        """Be there until cancelled, or sent away."""
        guild = self._channel.guild.id
        try:
            choices = await self._support.choices(guild)
            async with self._support.open_room(guild, self._channel_id, choices) as self._parts:
                while await self._visit(self._parts):
                    self._failures += 1
                    await asyncio.sleep(_PAUSES[min(self._failures, len(_PAUSES)) - 1])
        except SupportError as error:
            self._fail(str(error))
        finally:
            self._parts = None
            if not self.entered.done():
                self.entered.cancel()

    async def _visit(self, parts: RoomSupport) -> bool:
        """Be in the channel once; return whether to come back."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        clock = LoopClock()
        try:
            async with self._lines.enter(self._channel, clock) as self._line:
                self._arrived()
                await self._converse(self._line, parts, clock)
                ending, self._channel = self._line.ending, self._line.channel
        except LineError as error:
            if not self.entered.done():
                self._fail(str(error))
                return False
            logger.warning("Guild %s: %s; trying again", self._channel.guild.id, error)
            return True
        finally:
            self._line = None
        if loop.time() - began >= _STEADY:
            self._failures = 0
        why = ending.value if ending else "closed"
        logger.info("Guild %s: the voice connection ended (%s)", self._channel.guild.id, why)
        return ending is not Ending.SENT_AWAY

    async def _converse(self, line: Line, parts: RoomSupport, clock: LoopClock) -> None:
        conversation = Conversation(
            f"guild:{self._channel.guild.id}",
            transport=line.transport,
            engines=hold(parts.engines, clock),
            cast=parts.cast,
            clock=clock,
            config=self._support.pipeline,
            began=datetime.now(UTC),
            on_turn=self._receive_turn,
        )
        await conversation.run()

    def _receive_turn(self, record: TurnRecord) -> None:
        if record.addressed:
            self._turns.appendleft(record)
        self._support.receive_turn(record)

    def _arrived(self) -> None:
        logger.info("Guild %s: in the voice channel %s", self._channel.guild.id, self._channel.id)
        if not self.entered.done():
            self.entered.set_result(None)

    def _fail(self, reason: str) -> None:
        if self.entered.done():
            logger.error("Guild %s: %s", self._channel.guild.id, reason)
        else:
            self.entered.set_exception(JoinError(reason))

    def _channel_id(self) -> int:
        return self.channel.id

    def _opened(self) -> RoomSupport:
        if self._parts is None:
            raise SupportError("I am just coming or going. Try again in a moment.")
        return self._parts
