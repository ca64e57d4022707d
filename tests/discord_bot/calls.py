"""Our voice connection in a call on the fake Discord; discord.py and our code as they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import discord
import numpy as np

from discord_bot.line import Ending
from discord_bot.voice_line import Patience, VoiceLine, VoiceLines
from pipeline.audio import HEARING_RATE, SPEECH_RATE, AudioFrame, Resampler, Samples
from pipeline.clock import LoopClock
from pipeline.interfaces import ParticipantLeft, ReplyAudio
from tests.peers.discord import (
    GUARD,
    ChannelKind,
    FakeDiscord,
    FakeUser,
    Impairments,
    VoiceSession,
    correlation,
    speech_like,
    until,
)

GENERAL, LOUNGE, WORKROOM, STAGE = 600, 700, 701, 702
PATIENCE = Patience(entering=10.0, look=0.05, keepalive=0.2)
CLEAN = Impairments(padding=0.0)
RATE = 48_000
ALIKE = 0.99
"""Correlation of sound that came through whole; the codec takes the rest."""


@dataclass
class Call:
    """The bot in a call."""

    discord: FakeDiscord
    line: VoiceLine
    clock: LoopClock
    frames: list[AudioFrame] = field(default_factory=list)
    left: list[ParticipantLeft] = field(default_factory=list)
    over: bool = False
    """Whether the transport has closed."""

    @property
    def session(self) -> VoiceSession:
        return self.discord.voice[-1]

    @property
    def client(self) -> discord.VoiceClient:
        return self.line._client

    @property
    def secured(self) -> bool:
        return self.client.is_connected() and self.client._connection.can_encrypt

    async def listen(self) -> None:
        async for event in self.line.transport.events():
            match event:
                case AudioFrame():
                    self.frames.append(event)
                case ParticipantLeft():
                    self.left.append(event)
        self.over = True

    def heard(self, user: FakeUser) -> Samples:
        """Return what was heard of somebody, one frame after another."""
        mine = [one.samples for one in self.frames if one.speaker == str(user.user_id)]
        return np.concatenate([np.empty(0, np.int16), *mine])

    async def hears(
        self,
        user: FakeUser,
        *,
        seconds: float = 1.2,
        seed: int = 1,
        impair: Impairments = CLEAN,
        announce: bool = True,
    ) -> float:
        """Let somebody speak; return how much of it was heard."""
        self.frames.clear()
        voice = speech_like(seconds, seed)
        await user.say(voice, announce=announce, impair=impair)
        wanted = len(voice) // 3
        with_guard = asyncio.timeout(2.0)
        try:
            async with with_guard:
                await until(lambda: len(self.heard(user)) >= wanted)
        except TimeoutError:
            pass  # what is missing counts
        return correlation(_resampled(voice, RATE, HEARING_RATE), self.heard(user))

    async def says(self, user: FakeUser, *, seconds: float = 1.0, seed: int = 3) -> float:
        """Let the bot speak; return how much of it somebody heard."""
        user.ears.clear()
        voice = speech_like(seconds, seed, SPEECH_RATE)
        await self.line.transport.play(ReplyAudio(1, "some words", voice))
        await self.line.transport.drain()
        await until(lambda: len(user.heard_pcm()) >= 2 * len(voice))
        return correlation(_resampled(voice, SPEECH_RATE, RATE), user.heard_pcm())

    async def works_both_ways(self, user: FakeUser) -> None:
        """Make sure that somebody and the bot hear each other."""
        assert await self.hears(user) > ALIKE
        assert await self.says(user) > ALIKE

    async def is_secured_with(self, *people: FakeUser) -> None:
        """Wait until all are in one encrypted group."""

        def agreed() -> bool:
            session = self.client._connection.dave_session
            sessions = [session, *(one.session for one in people)]
            members = {int(one) for one in session.get_user_ids()} if session else set()
            return (
                self.secured
                and all(one.e2ee for one in people)
                and len({one.epoch for one in sessions if one}) == 1
                and members == {FakeDiscord.BOT_ID, *(one.user_id for one in people)}
            )

        await until(agreed)


@dataclass
class Stage:
    """A Discord with two people in it, and the bot logged in."""

    discord: FakeDiscord
    bot: discord.Client
    ann: FakeUser
    ben: FakeUser

    def channel(self, channel_id: int = LOUNGE) -> discord.VoiceChannel:
        channel = self.bot.get_channel(channel_id)
        assert isinstance(channel, discord.VoiceChannel | discord.StageChannel)
        return channel  # type: ignore[return-value] # both do

    @asynccontextmanager
    async def call(
        self,
        channel_id: int = LOUNGE,
        *,
        people: tuple[FakeUser, ...] | None = None,
        patience: Patience = PATIENCE,
        listens: bool = True,
    ) -> AsyncIterator[Call]:
        """Let people (Ann alone) and then the bot enter a channel.

        Args:
            channel_id: Which.
            people: Who is there before the bot.
            patience: How the connection is watched over.
            listens: Whether what is heard is collected; otherwise it is for somebody else.

        """
        people = (self.ann,) if people is None else people
        for user in people:
            await user.join(channel_id)
        clock = LoopClock()
        async with VoiceLines(patience).enter(self.channel(channel_id), clock) as line:
            call = Call(self.discord, line, clock)
            async with asyncio.TaskGroup() as tasks:
                if listens:
                    tasks.create_task(call.listen())
                if people and self.discord.rooms[channel_id].version:
                    await call.is_secured_with(*people)
                yield call
                line.close()


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Build the usual Discord, with the bot logged in."""
    async with asyncio.timeout(4 * GUARD), FakeDiscord() as fake:
        fake.add_channel(GENERAL, "general", ChannelKind.TEXT)
        fake.add_channel(LOUNGE, "Lounge")
        fake.add_channel(WORKROOM, "Workroom")
        fake.add_channel(STAGE, "Stage", ChannelKind.STAGE)
        ann = fake.add_user(2001, "ann", display_name="Ann")
        ben = fake.add_user(2002, "ben")
        bot = discord.Client(
            intents=discord.Intents(guilds=True, voice_states=True),
            connector=fake.connector(),
            guild_ready_timeout=0.05,
        )
        async with bot:
            running = asyncio.create_task(bot.start(fake.token))
            await until(bot.is_ready)
            yield Stage(fake, bot, ann, ben)
        await running
        assert fake.rest.unhandled == []


async def at_once(*tests: Coroutine[Any, Any, None]) -> None:
    """Carry out several tests side by side: they mostly wait."""
    async with asyncio.TaskGroup() as tasks:
        for test in tests:
            tasks.create_task(test)


async def ended(call: Call) -> Ending:
    """Wait until the connection is over; return why."""
    await until(lambda: call.over)
    assert call.line.ending is not None
    return call.line.ending


def _resampled(samples: Samples, source: int, target: int) -> Samples:
    resampler = Resampler(source, target)
    return np.concatenate([resampler.push(samples), resampler.flush()])
