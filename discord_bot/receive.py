"""The voice connection of discord.py, with ears.

discord.py 2.7 has no way to receive, but it has the session's keys and three
hooks: a connection state of one's own, every message of the voice gateway, and
every datagram. Its own handshake, sending and DAVE group are used as they are;
what makes it go deaf is put right here and in :mod:`discord_bot.voice_websocket`.
All private names it takes are listed in ``tests/discord_bot/test_discord_py_contract.py``.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.enums import SpeakingState
from discord.errors import ConnectionClosed
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from discord_bot.dave import DaveKeys
from discord_bot.health import ReceiveStats
from discord_bot.opus import FRAME_SECONDS, OpusLibrary
from discord_bot.receiver import Receiver
from discord_bot.rtp import SILENCE, keepalive
from discord_bot.socket_reader import make_reader
from discord_bot.voice_websocket import VoiceWebSocket
from pipeline.audio import AudioFrame
from pipeline.clock import Clock, Timer
from pipeline.interfaces import ParticipantLeft

if TYPE_CHECKING:
    from discord.types.voice import GuildVoiceState

logger = logging.getLogger(__name__)

_RESUME_PATIENCE = 10.0
_RECEIVE_BUFFER = 1 << 20
_GREETING = 5
"""Packets of silence at the beginning, as clients send at the end of speech."""


class ReceiveConnection(VoiceConnectionState):
    """The state of a voice connection; see the module's text.

    Args:
        voice_client: Whose.
        hook: Gets every JSON message of the voice gateway, after discord.py.

    """

    voice_client: ReceiveClient

    def __init__(self, voice_client: ReceiveClient, **options: Any) -> None:
        super().__init__(voice_client, **options)
        _end(self._socket_reader)
        self._socket_reader = make_reader(self, voice_client.loop)
        self._last_transition = 0
        self.recoveries = 0
        """How often the group's keys were asked for again."""

    @property
    def expecting_disconnect(self) -> bool:
        """Whether we ourselves have asked to leave the channel."""
        return self._expecting_disconnect

    def expected_members(self) -> list[int] | None:
        """Return whom the encrypted group may take in.

        ``None`` where Discord has not told who is there: then it may take in anybody.
        """
        present = self.voice_client.receiver.present
        return sorted({*present, self.user.id}) if present else None

    async def recover_encryption(self) -> None:
        """Ask to be added to the encrypted group anew: its keys open nothing any more."""
        self.recoveries += 1
        logger.warning("Too much of what is received cannot be decrypted: asking for new keys")
        await self._recover_from_invalid_commit(self._last_transition)

    async def voice_state_update(self, data: GuildVoiceState) -> None:
        """Take in the bot's own voice state; discord.py calls this."""
        if data["channel_id"] is not None:
            # It was told once that we had left, as for a new session, and never that we are
            # back; the next move to another channel would count as having been sent away.
            self._disconnected.clear()
        await super().voice_state_update(data)

    async def _voice_disconnect(self) -> None:
        if self.voice_client.is_replaced:
            # The place in the channel is our successor's, who must not be sent out of it.
            self.state = ConnectionFlowState.disconnected
        else:
            await super()._voice_disconnect()

    def _create_socket(self) -> None:
        super()._create_socket()
        # As much as the system allows: an event loop that is busy for a moment loses nothing.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    async def _execute_transition(self, transition_id: int) -> None:
        await super()._execute_transition(transition_id)
        self._last_transition = transition_id

    async def _connect_websocket(self, resume: bool) -> VoiceWebSocket:  # noqa: FBT001 - discord.py's
        ws = await self._open_websocket(resume=resume)
        self.state = ConnectionFlowState.websocket_connected
        return ws

    async def _open_websocket(self, *, resume: bool) -> VoiceWebSocket:
        seq_ack = self.ws.seq_ack if self.ws else -1
        try:
            return await VoiceWebSocket.from_connection_state(
                self, resume=resume, hook=self.hook, seq_ack=seq_ack
            )
        except (aiohttp.ClientError, OSError) as error:
            # discord.py tries again after this error, and after those it gives up for good.
            raise TimeoutError(f"the voice server cannot be reached: {error}") from error

    async def _connect(
        self,
        reconnect: bool,  # noqa: FBT001 - discord.py's
        timeout: float,  # noqa: ASYNC109 - discord.py's
        self_deaf: bool,  # noqa: FBT001 - discord.py's
        self_mute: bool,  # noqa: FBT001 - discord.py's
        resume: bool,  # noqa: FBT001 - discord.py's
    ) -> None:
        if resume:
            try:
                async with asyncio.timeout(_RESUME_PATIENCE):
                    await self._resume()
            except (ConnectionClosed, TimeoutError) as error:
                logger.info("The voice session could not be resumed (%s): connecting anew", error)
                await self.disconnect(cleanup=False)
            else:
                return
        await super()._connect(reconnect, timeout, self_deaf, self_mute, False)  # noqa: FBT003 - discord.py's

    async def _resume(self) -> None:
        """Go on with the session on a new WebSocket; its UDP side and group live on.

        discord.py waits here for voice state updates that do not come, and
        forgets the key, which Discord does not send again.
        """
        old = self.ws
        await old.close()
        ws = await self._open_websocket(resume=True)
        ws.secret_key = old.secret_key
        self.ws = ws
        while not ws.resumed:
            await ws.poll_event()
        logger.info("The voice session was resumed")

    async def _poll_voice_ws(self, reconnect: bool) -> None:  # noqa: FBT001 - discord.py's
        try:
            await super()._poll_voice_ws(reconnect)
        except Exception:
            # A dead task behind a connection that seems alive would be deafness for ever.
            logger.exception("The voice connection broke")
            await self.disconnect()


class ReceiveClient(discord.VoiceClient):
    """A voice connection that also receives; made by ``channel.connect(cls=…)``.

    Args:
        client: The bot.
        channel: Where to.
        clock: Of the conversation.
        library: libopus.
        on_heard: Gets everyone's voice, on the event loop.
        on_closed: Called once the connection is over for good.

    """

    _connection: ReceiveConnection

    def __init__(
        self,
        client: discord.Client,
        channel: discord.abc.Connectable,
        *,
        clock: Clock,
        library: OpusLibrary,
        on_heard: Callable[[AudioFrame | ParticipantLeft], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._library = library
        self._on_heard = on_heard
        self._on_closed = on_closed
        self._timer: Timer | None = None
        self._keepalives = 0
        self._greeted = False
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
        if self.is_forgotten:
            self.stop()  # nothing would confirm that the session has ended
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
        self._on_closed()

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
            user_id, now = int(data["user_id"]), self._clock.now()
            receiver.receive_speaking(data["ssrc"], user_id, speaks=speaks, now=now)
        elif op == ws.CLIENTS_CONNECT:
            receiver.receive_present(map(int, data["user_ids"]))
        elif op == ws.CLIENT_DISCONNECT:
            receiver.receive_left(int(data["user_id"]), self._clock.now())
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


def _end(reader: Any) -> None:
    """End the thread that discord.py's state has just started, in whatever state it is."""
    while reader.is_alive():
        reader.stop()  # again: what the thread does first is to forget that it was stopped
        reader.join(0.001)
