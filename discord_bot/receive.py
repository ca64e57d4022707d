"""The voice connection of discord.py, with ears.

discord.py 2.7 has no way to receive, but it has the session's keys and three
hooks: a connection state of one's own, every message of the voice gateway, and
every datagram. Its own handshake, sending and DAVE group are used as they are;
what makes it go deaf is put right in :mod:`discord_bot.receive_connection` and
:mod:`discord_bot.voice_websocket`. All private names that are used are listed in
``tests/discord_bot/test_discord_py_contract.py``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import discord
from discord.enums import SpeakingState
from discord.errors import ConnectionClosed

from discord_bot.dave import DaveKeys
from discord_bot.health import ReceiveStats
from discord_bot.opus import FRAME_SECONDS, OpusLibrary
from discord_bot.receive_connection import ReceiveConnection
from discord_bot.receiver import Receiver
from discord_bot.rtp import SILENCE, keepalive
from pipeline.clock import Clock, Timer
from pipeline.interfaces import HeardEvent

if TYPE_CHECKING:
    from discord.types.voice import GuildVoiceState

    from discord_bot.voice_websocket import VoiceWebSocket

logger = logging.getLogger(__name__)

_GREETING = 5
"""Packets of silence at the beginning, as clients send at the end of speech."""


class ReceiveClient(discord.VoiceClient):
    """A voice connection that also receives; made by ``channel.connect(cls=…)``.

    Args:
        client: The bot.
        channel: Where to.
        clock: Of the conversation.
        library: libopus.
        on_heard: Gets everyone's voice, on the event loop.

    """

    _connection: ReceiveConnection

    def __init__(
        self,
        client: discord.Client,
        channel: discord.abc.Connectable,
        *,
        clock: Clock,
        library: OpusLibrary,
        on_heard: Callable[[HeardEvent], None],
    ) -> None:
        self._clock = clock
        self._library = library
        self._on_heard = on_heard
        self._timer: Timer | None = None
        self._keepalives = 0
        self._greeted = False
        self.over = asyncio.Event()
        """Set once discord.py has given the connection up."""

        self.sent_away = False
        """Whether somebody has disconnected the bot."""

        self.deafened = False
        """Whether a moderator has deafened the bot."""

        self.muted = False
        """Whether the bot may not speak: muted by a moderator, or in the audience of a stage."""

        super().__init__(client, channel)

    @property
    def is_forgotten(self) -> bool:
        """Whether Discord has ended the session behind this connection without telling it."""
        return self.guild.voice_client is not self

    @property
    def is_replaced(self) -> bool:
        """Whether another connection of ours is in the guild's voice by now."""
        return self.is_forgotten and self.guild.voice_client is not None

    def create_connection_state(self) -> ReceiveConnection:
        """Make the connection's state; discord.py calls this."""
        state = ReceiveConnection(self, hook=self._receive_message)
        self._keys = DaveKeys(state, self.user.id)
        self.receiver = Receiver(self._keys, self._library, self._is_person)
        state.add_socket_listener(self._receive_datagram)
        return state

    def stats(self, *, dropped: int = 0) -> ReceiveStats:
        """Return what came of everything received so far.

        Args:
            dropped: Frames that were thrown away after they had left here.

        """
        return self.receiver.stats(recoveries=self._connection.recoveries, overflowed=dropped)

    async def greet(self) -> None:
        """Send some silence, once in a media session. Cancelling is safe.

        Some media servers pass nobody's audio on to a client that has sent none.
        """
        if self._greeted or not self.is_connected():
            return
        self._greeted = True
        await self.ws.speak(SpeakingState.voice)
        for _ in range(_GREETING):
            await asyncio.sleep(FRAME_SECONDS)
            if self.is_playing() or not self.is_connected():
                return  # two threads must not send at once
            self.send_audio_packet(SILENCE, encode=False)
        await self.ws.speak(SpeakingState.none)

    def send_keepalive(self) -> None:
        """Let the media server, and every NAT on the way, know that we are here."""
        if self.is_connected():
            self._keepalives += 1
            with suppress(OSError):  # the next one will do
                self._connection.socket.send(keepalive(self._keepalives))

    def take_failed(self) -> bool:
        """Return whether too many packets in a row were not decrypted, and count anew."""
        return self._keys.take_failed()

    @property
    def is_shut_out(self) -> bool:
        """Whether others can have an encrypted group, and the bot is in none."""
        state = self._connection
        others = self.receiver.present - {self.user.id}
        inside = state.dave_session is not None and state.dave_session.ready
        is_encrypted = self.is_connected() and state.dave_protocol_version > 0
        return bool(others) and is_encrypted and not inside

    async def recover_encryption(self) -> None:
        """Ask for new keys. Cancelling is safe."""
        with suppress(ConnectionClosed, ConnectionError, ValueError):
            await self._connection.recover_encryption()

    def forget_absent(self) -> None:
        """Notice who has left, should the voice gateway not have told."""
        for user_id in self.receiver.heard - self.channel.voice_states.keys():
            self.receiver.receive_left(user_id, self._clock.now())
        self._pass_on()

    async def on_voice_state_update(self, data: GuildVoiceState) -> None:
        """Take in the bot's own voice state; discord.py calls this."""
        if data["channel_id"] is None:
            self.sent_away = self.sent_away or not self._connection.expecting_disconnect
        else:
            self._note_rights(data)
        await super().on_voice_state_update(data)

    async def disconnect(self, *, force: bool = False) -> None:
        """Leave the channel. Cancelling leaves it too, without waiting for Discord to say so."""
        if self.is_forgotten or self.sent_away:
            self.stop()  # nothing would confirm that the bot has left
            await self._connection.disconnect(force=force)
        else:
            await super().disconnect(force=force)

    def cleanup(self) -> None:
        """Take in that the connection is over for good; discord.py calls this."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.is_forgotten:
            super().cleanup()  # goes by the guild, and would forget our successor
        self.over.set()

    def _is_person(self, user_id: int) -> bool:
        member = self.guild.get_member(user_id)
        return user_id != self.user.id and not (member and member.bot)

    def _note_rights(self, data: GuildVoiceState) -> None:
        deafened = data["deaf"]
        muted = data["mute"] or data["suppress"]
        if deafened and not self.deafened:
            logger.warning("Guild %s: a moderator has deafened the bot", self.guild.id)
        if muted and not self.muted:
            logger.warning("Guild %s: the bot may not speak now", self.guild.id)
        self.deafened, self.muted = deafened, muted

    async def _receive_message(self, ws: VoiceWebSocket, message: dict[str, Any]) -> None:
        """Take in a message of the voice gateway, after discord.py."""
        op, data, receiver = message["op"], message["d"], self.receiver
        if op == ws.READY:
            receiver.receive_identified()
        elif op == ws.SESSION_DESCRIPTION:
            receiver.receive_new_session()
            self._greeted = False
        elif op == ws.SPEAKING and data.get("user_id"):
            speaks = bool((data.get("speaking") or 0) & SpeakingState.voice.value)
            ssrc, user_id = int(data["ssrc"]), _user_id(data["user_id"])
            receiver.receive_speaking(ssrc, user_id, speaks=speaks, now=self._clock.now())
        elif op == ws.CLIENTS_CONNECT:
            receiver.receive_present([_user_id(one) for one in data["user_ids"]])
        elif op == ws.CLIENT_DISCONNECT:
            receiver.receive_left(_user_id(data["user_id"]), self._clock.now())
        else:
            return
        self._pass_on()

    def _receive_datagram(self, datagram: bytes) -> None:
        state = self._connection
        if state.secret_key:
            # Both as they are now: what was noted at the start of the call would go stale.
            key, own_ssrc = bytes(state.secret_key), state.ssrc
            now = self._clock.now()
            self.receiver.receive_datagram(datagram, key=key, own_ssrc=own_ssrc, now=now)
            self._pass_on()

    def _let_time_pass(self) -> None:
        self._timer = None
        self.receiver.handle_timer(self._clock.now())
        self._pass_on()

    def _pass_on(self) -> None:
        """Hand over what was heard, and arm the timer."""
        if self.deafened:
            self.receiver.watch.receive_sound()  # that nothing is heard has a reason
        while (event := self.receiver.next_event()) is not None:
            self._on_heard(event)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (at := self.receiver.get_timer()) is not None:
            self._timer = self._clock.call_at(at, self._let_time_pass)


def _user_id(value: Any) -> int:
    """Return an id from a message.

    Raises:
        ValueError: It is none; davey would refuse it with every packet.

    """
    user_id = int(value)
    if not 0 < user_id < 1 << 64:
        raise ValueError(f"{user_id} is no user id")
    return user_id
