"""Enters voice channels of Discord, and watches over the connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import aiohttp
import discord
from discord.errors import ConnectionClosed

from discord_bot.commands import Channel
from discord_bot.health import ReceiveStats
from discord_bot.line import Ending, LineError
from discord_bot.opus import OpusError, OpusLibrary, load_opus
from discord_bot.playback import Playback
from discord_bot.receive import ReceiveClient
from discord_bot.transport import DiscordTransport, EventQueue
from discord_bot.voice_websocket import VoiceRefusedError
from pipeline.clock import Clock
from pipeline.interfaces import Participant

logger = logging.getLogger(__name__)

_GOODBYE_PATIENCE = 5.0
"""Seconds for Discord to confirm that the bot has left."""

_ANSWER_PATIENCE, _ANSWER_LOOK = 1.0, 0.02
"""Seconds for Discord to answer that the bot is in no channel, and between looks."""

_STAGE_PATIENCE = 5.0
"""Seconds for becoming a speaker on a stage; the connection is not watched over meanwhile."""

_RECOVERY_PATIENCE = 60.0
"""Seconds within which new keys must have helped; otherwise the channel is entered anew."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a connection is made and watched over."""

    entering: float = 20.0
    """Seconds for entering a channel."""

    look: float = 1.0
    """Seconds between looks at the connection's health."""

    keepalive: float = 5.0
    """Seconds between UDP keepalives; many NATs forget a silent client after 30."""

    deaf: float = 10.0
    """Seconds in which people speak and nothing is heard, after which the connection is bad."""

    shut_out: float = 5.0
    """Seconds outside the encrypted group after which entering it is asked for again: what we said
    just when the connection broke is lost."""

    away: float = 60.0
    """Seconds without a connection after which it is given up."""


class VoiceLine:
    """A voice connection while it lasts; a :class:`discord_bot.line.Line`.

    Args:
        client: discord.py's side of it.
        heard: What was received.
        library: libopus.
        clock: Of the conversation.
        patience: How the connection is watched over.

    """

    def __init__(
        self,
        client: ReceiveClient,
        heard: EventQueue,
        library: OpusLibrary,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._client = client
        self._heard = heard
        self._transport = DiscordTransport(heard, Playback(client, library), self._people)
        self._clock = clock
        self._patience = patience
        self._connected_at = self._kept_alive_at = clock.now()
        self._inside_at = clock.now()
        self._recovered_at: float | None = None
        self._stage: int | None = None
        self._ending: Ending | None = None

    @property
    def transport(self) -> DiscordTransport:
        """Its audio. Closes when the connection ends."""
        return self._transport

    @property
    def channel(self) -> Channel:
        """Where it is now: people with the right to do so can move the bot."""
        return self._client.channel

    @property
    def ending(self) -> Ending | None:
        """Why it is over; ``None`` while it is not."""
        return self._ending

    def close(self) -> None:
        """End the audio: people are no longer heard, what plays is dropped."""
        self._transport.close()

    def stats(self) -> ReceiveStats:
        """Return what came of everything received so far."""
        return self._client.stats(dropped=self._heard.dropped)

    def report(self) -> Sequence[str]:
        """Return lines for ``/status`` on what is heard."""
        stats, now = self.stats(), self._clock.now()
        lines = []
        if not self._client.is_connected():
            lines.append("The voice connection is being made again")
        if self._client.deafened:
            lines.append("A moderator has **deafened** me: I hear nobody")
        if self._client.muted:
            lines.append("I am **muted** here, or in the audience: nobody hears me")
        if self._deaf_for(now) >= self._patience.deaf / 2:
            lines.append(
                "People speak, and I cannot make anything out; if that goes on, I come in again"
            )
        last = stats.last_heard_at
        heard = "nobody yet" if last is None else f"somebody {max(0.0, now - last):.0f} s ago"
        failed = stats.transport_failures + sum(stats.dave_failures.values())
        lines.append(
            f"Heard {heard}; packets: {stats.packets} received, {stats.lost} lost,"
            f" {failed} not decrypted; new keys asked for: {stats.recoveries}"
        )
        return lines

    async def watch(self) -> None:
        """Keep the connection alive and judge it, until it is over. Cancelling is safe."""
        client = self._client
        while self._ending is None:
            await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience.look):
                    await client.over.wait()
            if client.over.is_set():
                self._ending = Ending.SENT_AWAY if client.sent_away else Ending.LOST
        self.close()

    async def _look(self) -> None:
        client, now = self._client, self._clock.now()
        if now - self._kept_alive_at >= self._patience.keepalive:
            self._kept_alive_at = now
            client.send_keepalive()
        client.forget_absent()
        with suppress(ConnectionError):  # closing; the next connection gets its own
            await client.greet()
        if client.is_connected():
            self._connected_at = now
        elif now - self._connected_at >= self._patience.away:
            self._ending = Ending.LOST
        if client.is_forgotten:
            self._ending = Ending.LOST
        if self._deaf_for(now) >= self._patience.deaf:
            logger.warning("Nothing is heard of people who speak: entering the channel anew")
            self._ending = Ending.DEAF
        await self._look_at_keys(now)
        await self._take_stage()

    async def _look_at_keys(self, now: float) -> None:
        """Ask for new keys if there are none, or useless ones; that did not help lately, leave."""
        client = self._client
        if not client.is_shut_out:
            self._inside_at = now
        recovered = self._recovered_at is not None and (
            now - self._recovered_at < _RECOVERY_PATIENCE
        )
        failed = client.take_failed()
        if failed and recovered:
            logger.warning("New keys did not help: entering the channel anew")
            self._ending = Ending.DEAF
        elif failed or (now - self._inside_at >= self._patience.shut_out and not recovered):
            self._recovered_at = now
            await client.recover_encryption()

    async def _take_stage(self) -> None:
        """Become a speaker, once on each stage: a bot enters as part of the audience."""
        channel = self._client.channel
        if not (self._client.muted and isinstance(channel, discord.StageChannel)):
            return
        if self._stage == channel.id:
            return
        self._stage = channel.id
        try:
            async with asyncio.timeout(_STAGE_PATIENCE):
                await channel.guild.me.edit(suppress=False)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            logger.warning("The bot may not speak on the stage %s: %s", channel.id, error)

    def _deaf_for(self, now: float) -> float:
        return self._client.receiver.watch.deaf_for(now)

    def _people(self) -> list[Participant]:
        """Return the people in the channel, as far as Discord has told."""
        channel = self._client.channel
        return [
            Participant(str(member.id), member.display_name)
            for member in channel.members
            if not member.bot
        ]


class VoiceLines:
    """Enters voice channels; a :class:`discord_bot.line.Lines`.

    Args:
        patience: How connections are made and watched over.

    """

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()

    @asynccontextmanager
    async def enter(self, channel: Channel, clock: Clock) -> AsyncIterator[VoiceLine]:
        """Be in a voice channel while a block runs; afterwards the bot is out of it.

        Args:
            channel: Which.
            clock: The clock of the conversation that is held there.

        Raises:
            LineError: It could not be entered.

        Cancelling leaves it.

        """
        library = _library()
        heard = EventQueue()
        make = partial(ReceiveClient, clock=clock, library=library, on_heard=heard.put)
        client = await self._connect(channel, make)
        try:
            line = VoiceLine(client, heard, library, clock, self._patience)
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(line.watch(), name=f"voice line {channel.id}")
                try:
                    yield line
                finally:
                    watching.cancel()
                    line.close()
        finally:
            await _leave(client)

    async def _connect(self, channel: Channel, make: partial[ReceiveClient]) -> ReceiveClient:
        try:
            return await self._attempt(channel, make)
        except _DisturbedError as error:
            logger.info("Entering the voice channel %s once more: %s", channel.id, error)
        try:
            return await self._attempt(channel, make)
        except _DisturbedError as error:
            raise LineError(f"I could not enter **{channel.name}**: {error}") from error

    async def _attempt(self, channel: Channel, make: partial[ReceiveClient]) -> ReceiveClient:
        client: ReceiveClient | None = None

        def remember(bot: discord.Client, where: discord.abc.Connectable) -> ReceiveClient:
            nonlocal client
            client = make(bot, where)
            return client

        await _leave(channel.guild.voice_client)
        try:
            await _leave_unheard(channel.guild)
            return await channel.connect(cls=remember, timeout=self._patience.entering)
        except asyncio.CancelledError:
            await _leave(client)  # discord.py only stops trying
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # discord.py begins anew when the bot is moved while it enters, and "cancels" us.
            raise _disturbed(client, "I was moved while I entered") from None
        except TimeoutError:
            raise LineError(
                f"Discord did not let me into **{channel.name}** within"
                f" {self._patience.entering:.0f} s. Try again; if that does not help, another"
                " region in the channel's settings may, and UDP must be allowed out of my network."
            ) from None
        except VoiceRefusedError as error:
            raise LineError(str(error)) from None
        except (discord.ClientException, ConnectionClosed, aiohttp.ClientError, OSError) as error:
            raise _disturbed(client, str(error)) from error


class _DisturbedError(Exception):
    """Something came in between; another attempt may succeed."""


def _disturbed(client: ReceiveClient | None, reason: str) -> _DisturbedError | LineError:
    if client is not None and client.sent_away:
        return LineError("Somebody disconnected me while I entered.")
    return _DisturbedError(reason)


async def _leave(client: discord.VoiceProtocol | None) -> None:
    """Leave a channel, if the bot is still there."""
    if client is None:
        return
    try:
        async with asyncio.timeout(_GOODBYE_PATIENCE):
            await client.disconnect(force=True)
    except TimeoutError:
        logger.debug("Discord did not confirm that the bot has left")
    finally:
        client.cleanup()


async def _leave_unheard(guild: discord.Guild) -> None:
    """Leave once more, if Discord still has the bot in a channel: it has not heard of it.

    Otherwise it would not answer when the bot enters where it is already.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_ANSWER_PATIENCE):
            if guild.me.voice is not None:
                await guild.change_voice_state(channel=None)
            while guild.me.voice is not None:  # noqa: ASYNC110 - discord.py has no event for it
                await asyncio.sleep(_ANSWER_LOOK)


def _library() -> OpusLibrary:
    try:
        return load_opus()
    except OpusError as error:
        raise LineError(str(error)) from error
