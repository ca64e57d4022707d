"""All voice channels that the bot is in, or wants to be in."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

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
        self._inside: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held by a guild's room until everything of it is taken down: one follows another."""
        self._closing = False

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
        if self._closing:
            raise JoinError(texts.GOING_OFFLINE)
        room = self._rooms.get(channel.guild.id)
        if room is None or not room.leads_to(channel):
            room = self._begin(channel)
        await asyncio.shield(room.entered)
        if self.find(channel.guild.id) is not room:
            raise JoinError(texts.OUT_AGAIN)
        return room

    async def leave(self, guild_id: int) -> None:
        """Leave a guild's channel, and do not come back by itself. Cancelling may leave it so."""
        self._dismiss(guild_id, texts.SENT_ELSEWHERE)
        await self._until_out(guild_id)
        await self._support.remember(guild_id, "channel_id", None)

    async def come_back(self) -> None:
        """Begin to enter the channels in which the bot is wanted and is not, as after a restart.

        It is tried until it succeeds. Cancelling leaves what was begun.
        """
        for guild in self._client.guilds:
            room = self._rooms.get(guild.id)
            if room and (guild.voice_client is not None or not room.entered.done()):
                continue
            wanted = room.channel.id if room else (await self._support.choices(guild.id)).channel_id
            if self._rooms.get(guild.id) is not room:
                continue  # somebody has sent the bot somewhere meanwhile
            channel = guild.get_channel(wanted or 0)
            if not isinstance(channel, discord.VoiceChannel | discord.StageChannel):
                continue
            if why := self.refusal(channel):
                logger.warning("Guild %s: not coming back: %s", guild.id, why)
                continue
            logger.info("Guild %s: coming back into a voice channel", guild.id)
            # Also in the place of a room that seems alive: Discord may have forgotten it.
            self._begin(channel, returning=True)

    async def stay_away(self) -> None:
        """Forget the channels in which the bot was before, where it is in none now."""
        for guild in self._client.guilds:
            if guild.id not in self._rooms:
                await self._support.remember(guild.id, "channel_id", None)

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Remember where somebody has moved the bot; discord.py calls this."""
        moved = before.channel and after.channel and before.channel != after.channel
        if moved and after.channel and member == member.guild.me and self.find(member.guild.id):
            await self._support.remember(member.guild.id, "channel_id", after.channel.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Take in that the bot was removed from a server; discord.py calls this."""
        await self.leave(guild.id)

    def status(self, guild_id: int) -> str:
        """Return the text of ``/status``."""
        room = self.find(guild_id)
        lines = [texts.NOT_HERE]
        if room:
            lines = [texts.whereabouts(room.channel_name, room.agent.name, room.sensitivity)]
            lines += [texts.voice_line(room.voice), *room.report()]
        return "\n".join([*lines, *self._support.report(guild_id)])

    async def close(self) -> None:
        """Leave all channels, to come back after a restart."""
        self._closing = True
        for guild_id in list(self._rooms):
            self._dismiss(guild_id, texts.GOING_OFFLINE)
        for guild_id in list(self._inside):
            await self._until_out(guild_id)

    def _begin(self, channel: Channel, *, returning: bool = False) -> Room:
        guild = channel.guild.id
        self._dismiss(guild, texts.SENT_ELSEWHERE)
        room = Room(channel, self._lines, self._support, returning=returning)
        self._rooms[guild] = room
        self._stays[guild] = self._tasks.create_task(self._stay(guild, room), name=f"guild {guild}")
        return room

    async def _stay(self, guild: int, room: Room) -> None:
        try:
            async with self._inside[guild]:
                await room.stay()
        except Exception:
            # A bug ends this room and no other.
            logger.exception("Guild %s: the conversation broke", guild)
        if self._rooms.get(guild) is room:
            del self._rooms[guild], self._stays[guild]

    def _dismiss(self, guild: int, reason: str) -> None:
        """Have a guild's room end; whoever waits for the bot there is told why."""
        room = self._rooms.pop(guild, None)
        if room is not None:
            self._stays.pop(guild).cancel()
            room.give_up(reason)  # its task may not even have begun

    async def _until_out(self, guild: int) -> None:
        """Wait until the bot has left; whoever enters after that is not waited for."""
        async with self._inside[guild]:
            pass


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
