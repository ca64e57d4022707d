"""Who is in which voice channel, and what Discord does when that changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol

from tests.peers.discord.gateway import Gateway, GatewaySession
from tests.peers.discord.opcodes import ChannelKind, Intent, Permission, VoiceClose
from tests.peers.discord.room import Participant, Room
from tests.peers.discord.voice_gateway import VoiceGateway
from tests.peers.discord.voice_session import VoiceSession
from tests.peers.discord.world import BOT_ID, Channel, Guild, Json, VoiceState


class InCall(Participant, Protocol):
    """A fake user, as voice channels know them."""

    @property
    def voice_session_id(self) -> str:
        """Their client's session."""

    def entered(self, room: Room) -> None:
        """Take part in a call."""

    def left(self) -> None:
        """Take part no longer."""


@dataclass(frozen=True, slots=True)
class IgnoredJoin:
    """A request of the bot that Discord left without an answer."""

    guild_id: int
    channel_id: int
    reason: str


class VoiceStates:
    """The voice channels of all guilds."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._voice: VoiceGateway | None = None
        self._callers: dict[int, InCall] = {}
        self.guilds: dict[int, Guild] = {}
        self.rooms: dict[int, Room] = {}
        """The media session of each voice channel, by channel id."""

        self.ignored: list[IgnoredJoin] = []
        """Joins that got no answer: Discord sends none when one is not allowed."""

        self.endpoint = 1
        """Number in the host name of the media server the bot is sent to."""

    @property
    def voice(self) -> VoiceGateway:
        assert self._voice is not None, "the fake Discord was not started"
        return self._voice

    def connect(self, voice: VoiceGateway) -> None:
        """Set where the bot's voice connections are."""
        self._voice = voice

    def channel(self, channel_id: int) -> Channel:
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        raise LookupError(f"there is no channel {channel_id}")

    def place(self, user_id: int) -> tuple[Guild, VoiceState] | None:
        """Return where somebody is."""
        for guild in self.guilds.values():
            if user_id in guild.voice_states:
                return guild, guild.voice_states[user_id]
        return None

    # People

    def enter(self, caller: InCall, channel_id: int) -> None:
        """Let a person join a voice channel, or move to it; people are in one at a time."""
        channel = self.channel(channel_id)
        self._exit(caller.user_id, moves_to=channel.guild_id)
        guild = self.guilds[channel.guild_id]
        state = VoiceState(caller.user_id, channel_id, caller.voice_session_id)
        guild.voice_states[caller.user_id] = state
        self._callers[caller.user_id] = caller
        self.announce(guild, state)
        room = self.rooms[channel_id]
        room.join(caller)
        caller.entered(room)

    def exit(self, caller: InCall) -> None:
        """Let a person leave voice."""
        self._exit(caller.user_id)

    def announce(self, guild: Guild, state: VoiceState, *, left: bool = False) -> None:
        """Tell the bot about somebody's voice state."""
        self._gateway.dispatch(
            "VOICE_STATE_UPDATE",
            guild.voice_state_json(state, left=left),
            guild_id=guild.id,
            intent=Intent.GUILD_VOICE_STATES,
        )

    def _exit(self, user_id: int, *, moves_to: int | None = None) -> None:
        place = self.place(user_id)
        if place is None:
            return
        guild, state = place
        caller = self._callers.pop(user_id)
        self.rooms[state.channel_id].leave(caller)
        caller.left()
        del guild.voice_states[user_id]
        if guild.id != moves_to:
            self.announce(guild, state, left=True)

    # The bot

    def on_request(self, session: GatewaySession, data: Json) -> None:
        """Carry out what the bot asks for by op 4; what is not allowed is ignored."""
        guild = self.guilds.get(int(data["guild_id"] or 0))
        if guild is None:
            return
        if data["channel_id"] is None:
            self.remove_bot(guild.id, close=False)
            return
        channel_id = int(data["channel_id"])
        reason = self._why_not(guild, channel_id)
        if reason is not None:
            self.ignored.append(IgnoredJoin(guild.id, channel_id, reason))
            return
        self._seat_bot(guild, channel_id, session.id)
        state = guild.voice_states[BOT_ID]
        muted, deafened = bool(data.get("self_mute")), bool(data.get("self_deaf"))
        if (state.self_mute, state.self_deaf) != (muted, deafened):
            state.self_mute, state.self_deaf = muted, deafened
            self.announce(guild, state)

    def move_bot(self, channel_id: int) -> None:
        """Drag the bot into another voice channel of a guild it is in voice in."""
        guild = self.guilds[self.channel(channel_id).guild_id]
        self._seat_bot(guild, channel_id, guild.voice_states[BOT_ID].session_id)

    def remove_bot(self, guild_id: int, *, close: bool = True) -> None:
        """Take the bot out of voice: it left, or was disconnected by somebody.

        Args:
            guild_id: Where.
            close: Close its voice connection; a bot that leaves does that itself.

        """
        guild = self.guilds[guild_id]
        state = guild.voice_states.pop(BOT_ID, None)
        if state is None:
            return
        self.announce(guild, state, left=True)
        self._end_call(guild_id, close=close)

    def update_bot(self, guild_id: int, *, mute: bool = False, deaf: bool = False) -> None:
        """Mute or deafen the bot for the whole server, or undo it."""
        guild = self.guilds[guild_id]
        state = guild.voice_states[BOT_ID]
        state.mute, state.deaf = mute, deaf
        self.announce(guild, state)

    def suppress_bot(self, guild_id: int, *, suppress: bool) -> None:
        """Put the bot on a stage, or back into its audience."""
        guild = self.guilds[guild_id]
        state = guild.voice_states[BOT_ID]
        state.suppress = suppress
        self.announce(guild, state)

    def update_server(self, guild_id: int) -> None:
        """Send the bot to a (new) media server, with a new token."""
        state = self.guilds[guild_id].voice_states[BOT_ID]
        ticket = self.voice.invite(state.session_id, guild_id, state.channel_id)
        host = f"fake-{self.endpoint}.discord.media:443"
        server = {"token": ticket.token, "guild_id": str(guild_id), "endpoint": host}
        only = state.session_id
        self._gateway.dispatch("VOICE_SERVER_UPDATE", server, guild_id=guild_id, only=only)

    def on_session_ended(self, session: GatewaySession) -> None:
        """Take the bot out of the voice channels that a session brought it to."""
        for guild in self.guilds.values():
            state = guild.voice_states.get(BOT_ID)
            if state is not None and state.session_id == session.id:
                self.remove_bot(guild.id)

    def bot_may_hear(self, session: VoiceSession) -> bool:
        state = self.guilds[session.ticket.guild_id].voice_states.get(BOT_ID)
        return state is not None and state.may_hear

    def bot_may_be_heard(self, session: VoiceSession) -> bool:
        state = self.guilds[session.ticket.guild_id].voice_states.get(BOT_ID)
        return state is not None and state.may_be_heard

    def _seat_bot(self, guild: Guild, channel_id: int, session_id: str) -> None:
        former = guild.voice_states.get(BOT_ID)
        if former and (former.channel_id, former.session_id) == (channel_id, session_id):
            return
        channel = guild.channels[channel_id]
        may_speak = guild.permissions(BOT_ID, channel) & Permission.SPEAK
        suppress = channel.kind is ChannelKind.STAGE or not may_speak
        state = VoiceState(BOT_ID, channel_id, session_id, suppress=suppress)
        if former:
            state.mute, state.deaf = former.mute, former.deaf
            state.self_mute, state.self_deaf = former.self_mute, former.self_deaf
        guild.voice_states[BOT_ID] = state
        self.announce(guild, state)
        self.update_server(guild.id)
        # The media session ends when its user is elsewhere, or here by another client.
        self._end_call(guild.id)

    def _end_call(self, guild_id: int, *, close: bool = True) -> None:
        call = self.voice.current(guild_id)
        if call is None:
            return
        call.room.leave(call)
        if close:
            call.connection.close_soon(VoiceClose.DISCONNECTED, "Disconnected.")

    def _why_not(self, guild: Guild, channel_id: int) -> str | None:
        """Return why the bot may not join a channel."""
        channel = guild.channels.get(channel_id)
        if channel is None or not channel.has_voice:
            return "no voice channel"
        allowed = guild.permissions(BOT_ID, channel)
        if not allowed & Permission.CONNECT:
            return "no permission to connect"
        others = [one for one in guild.people_in(channel_id) if one != BOT_ID]
        full = channel.user_limit and len(others) >= channel.user_limit
        if full and not allowed & Permission.MOVE_MEMBERS:
            return "full"
        return None


def client_session() -> str:
    """Return the id of a person's client."""
    return secrets.token_hex(16)
