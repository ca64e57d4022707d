"""All voice channels that the bot is in, or wants to be in."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import discord

from discord_bot import texts
from discord_bot.commands import Channel, JoinError
from discord_bot.doorway import Doorway, refusal
from discord_bot.line import Lines
from discord_bot.room import Room
from discord_bot.support import Support

logger = logging.getLogger(__name__)


class VoiceRooms:
    """Keeps one room per guild; a :class:`discord_bot.commands.Rooms`.

    Args:
        client: The bot on Discord.
        lines: Enters channels.
        support: What the service gives.
        tasks: Owns the rooms' tasks.

    """

    def __init__(
        self, client: discord.Client, lines: Lines, support: Support, tasks: asyncio.TaskGroup
    ) -> None:
        self._client = client
        self._lines = lines
        self._support = support
        self._tasks = tasks
        self._rooms: dict[int, Room] = {}
        self._stays: dict[int, asyncio.Task[None]] = {}

    def find(self, guild_id: int) -> Room | None:
        """Return a guild's room; ``None`` when the bot is in none there."""
        room = self._rooms.get(guild_id)
        return room if room and room.is_open else None

    def refusal(self, channel: Channel) -> str:
        """Return why the bot cannot enter, "" when it can."""
        return refusal(doorway(channel))

    async def join(self, channel: Channel) -> Room:
        """Enter a channel, leaving the guild's other one.

        Raises:
            JoinError: It could not.

        Cancelling goes on entering.

        """
        guild = channel.guild.id
        room = self.find(guild)
        if room is None or room.channel.id != channel.id:
            await self._end(guild)
            room = self._begin(channel)
        try:
            await asyncio.shield(room.entered)
        except asyncio.CancelledError:
            if not room.entered.cancelled():
                raise
            raise JoinError("Somebody sent me elsewhere meanwhile.") from None
        await self._support.remember(guild, "channel_id", channel.id)
        return room

    async def leave(self, guild_id: int) -> None:
        """Leave a guild's channel, and do not come back by itself. Cancelling may leave it so."""
        await self._support.remember(guild_id, "channel_id", None)
        await self._end(guild_id)

    async def come_back(self) -> None:
        """Enter the channels in which the bot is wanted and is not, as after a restart."""
        for guild in self._client.guilds:
            stay = self._stays.get(guild.id)
            if stay and not stay.done() and guild.voice_client is not None:
                continue
            wanted = (await self._support.choices(guild.id)).channel_id
            channel = guild.get_channel(wanted or 0)
            if not isinstance(channel, discord.VoiceChannel | discord.StageChannel):
                continue
            if why := self.refusal(channel):
                logger.warning("Guild %s: not coming back: %s", guild.id, why)
                continue
            logger.info("Guild %s: coming back into a voice channel", guild.id)
            await self._end(guild.id)  # Discord may have forgotten a connection that seems alive
            try:
                await self.join(channel)
            except JoinError as error:
                logger.warning("Guild %s: could not come back: %s", guild.id, error)

    def status(self, guild_id: int) -> str:
        """Return the text of ``/status``."""
        room = self.find(guild_id)
        lines = [texts.NOT_HERE]
        if room:
            lines = [texts.whereabouts(room.channel_name, room.agent.name, room.sensitivity)]
            lines += room.report()
        return "\n".join([*lines, *self._support.report(guild_id)])

    async def close(self) -> None:
        """Leave all channels, to come back after a restart."""
        for guild_id in list(self._stays):
            await self._end(guild_id)

    def _begin(self, channel: Channel) -> Room:
        guild = channel.guild.id
        room = self._rooms[guild] = Room(channel, self._lines, self._support)
        self._stays[guild] = self._tasks.create_task(self._stay(guild, room), name=f"guild {guild}")
        return room

    async def _stay(self, guild: int, room: Room) -> None:
        try:
            await room.stay()
        except Exception:
            # A bug ends this room and no other.
            logger.exception("Guild %s: the conversation broke", guild)
        if self._rooms.get(guild) is room:
            del self._rooms[guild]
            if (
                room.entered.done()
                and not room.entered.cancelled()
                and not room.entered.exception()
            ):
                await self._support.remember(guild, "channel_id", None)

    async def _end(self, guild: int) -> None:
        self._rooms.pop(guild, None)
        stay = self._stays.pop(guild, None)
        if stay is not None:
            stay.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([stay])


def doorway(channel: Channel) -> Doorway:
    """Return a channel as the bot sees it from outside."""
    me = channel.guild.me
    rights = channel.permissions_for(me)
    return Doorway(
        name=channel.name,
        view=rights.view_channel,
        connect=rights.connect,
        speak=rights.speak,
        voice_activity=rights.use_voice_activation,
        stage=isinstance(channel, discord.StageChannel),
        moderator=rights.mute_members,
        members=len(channel.voice_states),
        limit=channel.user_limit,
        passes_limit=rights.move_members,
        inside=me.id in channel.voice_states,
    )
