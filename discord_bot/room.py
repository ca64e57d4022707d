"""One guild's voice channel with the bot in it, for as long as the bot is wanted there."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from discord_bot import texts
from discord_bot.commands import Channel, JoinError
from discord_bot.line import Ending, Line, LineError, Lines
from discord_bot.posts import Chat
from discord_bot.support import AgentChoice, RoomPlace, RoomSupport, Support, SupportError
from pipeline.clock import LoopClock
from pipeline.config import Sensitivity
from pipeline.conversation import Conversation
from pipeline.engines import hold
from pipeline.feedback import corrected
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import ChosenVoice, VoiceChoice, VoiceChoices, bounded
from pipeline.voice_names import DEFAULT

logger = logging.getLogger(__name__)

TURNS_SHOWN = 3
"""Turns whose times ``/status`` shows."""

DECISIONS_KEPT = 10
"""Turns that ``/why`` can explain."""

_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before each new attempt to come back; the last one again and again."""

_LAST_POSTS = 5.0
"""Seconds in which what is still to be posted is posted, once the conversation is over."""

_STEADY = 60.0
"""Seconds a connection must last before its loss counts as the first again."""


class Room:
    """Enters a channel, holds the conversation there, and comes back when the connection breaks.

    Args:
        channel: Where the bot is wanted.
        lines: Enters channels.
        support: What the service gives.
        returning: Whether the bot was there before: then no failure ends the attempts.

    """

    def __init__(
        self, channel: Channel, lines: Lines, support: Support, *, returning: bool = False
    ) -> None:
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the bot is in the channel for the first time; a :class:`JoinError` when it
        will not be."""
        self._channel = channel
        self._lines = lines
        self._support = support
        self._returning = returning
        self._line: Line | None = None
        self._parts: RoomSupport | None = None
        self._turns: deque[TurnRecord] = deque(maxlen=TURNS_SHOWN)
        self._decisions: deque[TurnRecord] = deque(maxlen=DECISIONS_KEPT)
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
        return self._parts is not None and self._was_there

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

    def leads_to(self, channel: Channel) -> bool:
        """Return whether the bot is in a channel, or on its way there for whoever asked first."""
        there = self._line is not None and self._line.ending is None
        called = not self.entered.done() and not self._returning
        return self.channel.id == channel.id and (there or called)

    async def choose_agent(self, agent: str) -> AgentChoice:
        """Have another agent answer; see :meth:`discord_bot.support.RoomSupport.choose_agent`."""
        return await self._opened().choose_agent(agent)

    @property
    def voice(self) -> ChosenVoice:
        """How the agent that answers speaks its own language."""
        cast = self._opened().cast
        return cast.voice(cast.agent)

    def voices(self) -> Sequence[str]:
        """Return the voices that can be chosen; empty when they are not known."""
        return self._opened().cast.voices.server.names

    async def choose_voice(self, voice: str | None, speed: float | None) -> ChosenVoice:
        """Have the agent that answers speak otherwise, from its next sentence on.

        Args:
            voice: A name of the speech server's; "default" for the agent's own, and its own pace
                if no other is given. ``None`` leaves it as it is.
            speed: 1 is the voice's usual pace; ``None`` leaves it as it is.

        Raises:
            SupportError: There is no such voice; the message names those most like it.

        """
        cast = self._opened().cast
        cast.voices.choose(cast.agent, _choice(cast.voices, cast.agent, voice, speed))
        await self._support.remember(self._guild, "voices", cast.voices.chosen())
        return cast.voice(cast.agent)

    def decision(self, back: int) -> TurnRecord | None:
        """Return what was said so many turns ago and what came of it; ``None`` that far back."""
        return self._decisions[back] if back < len(self._decisions) else None

    async def correct(self, decision: TurnRecord, *, right: bool) -> None:
        """Learn from what somebody says of a decision, for this guild."""
        relevance = self._opened().cast.relevance
        if relevance is None or right or decision.why.startswith("named"):
            return  # who was named is answered, whatever was learnt
        if not decision.addressed:
            people = self._line.transport.participants() if self._line else ()
            relevance.receive_correction(decision.text, people=people)
        answered = decision.addressed
        relevance.leaning = corrected(relevance.leaning, answered=answered, right=right)
        await self._support.remember(self._guild, "leaning", relevance.leaning)

    def report(self) -> list[str]:
        """Return lines for ``/status``."""
        lines = [*self._line.report()] if self._line else ["The voice connection is being made"]
        if self._turns:
            lines.append("Last answers:")
            lines += [f"`{turn.latency_line()}`" for turn in self._turns]
        return lines

    def give_up(self, reason: str) -> None:
        """Tell whoever waits for the bot to arrive that it will not."""
        if not self.entered.done():
            self.entered.set_exception(JoinError(reason))
            self.entered.exception()  # nobody may be waiting

    async def stay(self) -> None:
        """Be there until cancelled, or sent away.

        The channel is remembered when the bot is in it, and forgotten when it was sent away.
        """
        try:
            while await self._open():
                await self._pause()
            if self._was_there:
                await self._support.remember(self._guild, "channel_id", None)
        finally:
            self.give_up(texts.BROKEN)

    async def _open(self) -> bool:
        """Have all that is needed, and be in the channel; return whether to try again."""
        try:
            choices = await self._support.choices(self._guild)
            place = RoomPlace(self._guild, self._channel_id, self._people)
            async with self._support.open_room(place, choices) as parts:
                self._parts = parts
                try:
                    while await self._visit(parts):
                        await self._pause()
                finally:
                    self._parts = None  # what follows only takes everything down
        except SupportError as error:
            return self._failed(error)
        return False

    async def _visit(self, parts: RoomSupport) -> bool:
        """Be in the channel once; return whether to come back."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        clock = LoopClock()
        ending: Ending | None = None
        try:
            async with self._lines.enter(self._channel, clock) as line:
                self._line = line
                called = not (self._was_there or self._returning)
                try:
                    await self._arrive()
                    await self._converse(line, parts, clock, greets=called)
                finally:
                    self._channel, ending = line.channel, line.ending
        except LineError as error:
            return self._failed(error)
        finally:
            self._line = None
        if loop.time() - began >= _STEADY:
            self._failures = 0
        why = ending.value if ending else "closed"
        logger.info("Guild %s: the voice connection ended (%s)", self._guild, why)
        return ending is not Ending.SENT_AWAY

    async def _arrive(self) -> None:
        await self._support.remember(self._guild, "channel_id", self.channel.id)
        if not self.entered.done():
            self.entered.set_result(None)
        logger.info("Guild %s: in the voice channel %s", self._guild, self.channel.id)

    def _failed(self, error: LineError | SupportError) -> bool:
        """Take in that the bot cannot be there now; return whether to try again."""
        if self._returning or self.entered.done():
            logger.warning("Guild %s: %s; trying again", self._guild, error)
            return True
        self.give_up(str(error))
        return False

    async def _pause(self) -> None:
        self._failures += 1
        await asyncio.sleep(_PAUSES[min(self._failures, len(_PAUSES)) - 1])

    async def _converse(
        self, line: Line, parts: RoomSupport, clock: LoopClock, *, greets: bool
    ) -> None:
        conversation = Conversation(
            f"guild:{self._guild}",
            transport=line.transport,
            engines=hold(parts.engines, clock),
            cast=parts.cast,
            clock=clock,
            config=self._support.pipeline,
            began=datetime.now(UTC),
            on_turn=self._receive_turn,
        )
        conversation.greets = greets
        chat, cast = Chat(lambda: line.channel), parts.cast

        def show(agent: str, text: str) -> None:
            chat.post(cast.persona(agent).name, text)

        cast.show = show if chat.is_open else None
        async with asyncio.TaskGroup() as tasks:
            posting = tasks.create_task(chat.run(), name=f"chat {self.channel.id}")
            await conversation.run()
            chat.close()
            await asyncio.wait([posting], timeout=_LAST_POSTS)
            posting.cancel()

    def _receive_turn(self, record: TurnRecord) -> None:
        self._decisions.appendleft(record)
        if record.addressed:
            self._turns.appendleft(record)
        self._support.receive_turn(record)

    @property
    def _guild(self) -> int:
        return self._channel.guild.id

    @property
    def _was_there(self) -> bool:
        return self.entered.done() and self.entered.exception() is None

    def _channel_id(self) -> int:
        return self.channel.id

    def _people(self) -> Collection[int]:
        return self.channel.voice_states.keys() if self.is_open else ()

    def _opened(self) -> RoomSupport:
        if self._parts is None:
            raise SupportError("I am just coming or going. Try again in a moment.")
        return self._parts


def _choice(
    voices: VoiceChoices, agent: str, voice: str | None, speed: float | None
) -> VoiceChoice:
    """Return what is chosen for an agent after somebody has chosen."""
    before = voices.chosen().get(agent, VoiceChoice())
    wanted = speed and bounded(speed)
    if voice is None:
        return VoiceChoice(before.voice, wanted or before.speed)
    if voice.strip().lower() == DEFAULT:
        return VoiceChoice(None, wanted)
    found = voices.server.find(voice.strip())
    if found is None:
        raise SupportError(texts.no_such_voice(voice, voices.server.near(voice)))
    return VoiceChoice(found, wanted or before.speed)
