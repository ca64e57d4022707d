"""The state of a voice connection of discord.py, with what leaves a listening bot deaf put right.

It makes and remakes the connection; :mod:`discord_bot.voice_websocket` is one
WebSocket of it, and :mod:`discord_bot.receive` the whole as the bot uses it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from typing import TYPE_CHECKING, Any

import aiohttp
from discord.errors import ConnectionClosed
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from discord_bot.socket_reader import make_reader
from discord_bot.voice_websocket import VoiceWebSocket

if TYPE_CHECKING:
    from discord.types.voice import GuildVoiceState

    from discord_bot.receive import ReceiveClient

logger = logging.getLogger(__name__)

_RESUME_PATIENCE = 10.0
_NEW_KEYS_PATIENCE = 2.0
"""Seconds in which who asked to be added to the encrypted group should be."""

_GOODBYE_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each new attempt to tell Discord that the bot leaves: its gateway may be away."""

_RECEIVE_BUFFER = 1 << 20


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
        self._asked_for_keys_at = -math.inf
        self._given_up = False
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
        logger.warning("What is received cannot be decrypted: asking for new keys")
        await self._recover_from_invalid_commit(self._last_transition)

    async def voice_state_update(self, data: GuildVoiceState) -> None:
        """Take in the bot's own voice state; discord.py calls this."""
        if data["channel_id"] is not None:
            # It was told once that we had left, as for a new session, and never that we are
            # back; the next move to another channel would count as having been sent away.
            self._disconnected.clear()
        await super().voice_state_update(data)

    async def connect(self, *, wait: bool = True, **options: Any) -> None:
        """Make the connection; discord.py also calls this when it is disturbed while it is made.

        Then it means to begin again, but the two attempts get in each other's way.
        So the disturbed one is given up as a whole; whoever asked for it tries again.
        """
        if wait:
            await super().connect(wait=False, **options)
            await self._until_attempted()
        elif not self._give_up() and not (self._connector and self._connector.cancelled()):
            await self.disconnect()  # it was being made again

    async def disconnect(
        self, *, force: bool = True, cleanup: bool = True, wait: bool = False
    ) -> None:
        """Leave the channel; without ``cleanup`` to come back at once."""
        if cleanup:
            self._give_up()
        await super().disconnect(force=force, cleanup=cleanup, wait=wait)

    async def _until_attempted(self) -> None:
        attempt = self._connector
        if attempt is None:
            return
        try:
            await asyncio.wait([attempt])
        except asyncio.CancelledError:
            self._give_up()
            raise
        await attempt  # tells how it ended

    def _give_up(self) -> bool:
        """Make the connection no more, and not again; return whether that was under way.

        Otherwise discord.py would go on by itself, and enter the channel after all.
        """
        self._given_up = True
        tasks = [task for task in (self._connector, self._runner) if task and not task.done()]
        others = [task for task in tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        return bool(others)

    async def _voice_connect(self, *, self_deaf: bool = False, self_mute: bool = False) -> None:
        if self._given_up:
            # Up to Python 3.11 ``wait_for`` forgets a cancellation that comes with its result.
            raise asyncio.CancelledError
        await super()._voice_connect(self_deaf=self_deaf, self_mute=self_mute)

    async def _wait_for_state(
        self,
        state: ConnectionFlowState,
        *other_states: ConnectionFlowState,
        timeout: float | None = None,  # noqa: ASYNC109 - discord.py's
    ) -> None:
        """Wait until the connection has come so far.

        discord.py waits in a task of its own, and misses a change before that has begun.
        """
        async with asyncio.timeout(timeout):
            while self.state not in (state, *other_states):
                await self._state_event.wait()

    async def _voice_disconnect(self) -> None:
        if self.voice_client.is_replaced:
            # The place in the channel is our successor's, who must not be sent out of it.
            self.state = ConnectionFlowState.disconnected
            return
        for pause in _GOODBYE_PAUSES:
            if await self._say_goodbye():
                return
            await asyncio.sleep(pause)
        await self._say_goodbye()

    async def _say_goodbye(self) -> bool:
        """Tell Discord that the bot leaves; return whether it was told."""
        try:
            await super()._voice_disconnect()
        except Exception as error:
            # Whatever it is, what is left of the connection has to be taken down all the same.
            logger.debug("Discord could not be told that the bot leaves", exc_info=error)
            return False
        return True

    def _update_voice_channel(self, channel_id: int | None) -> None:
        former = self.voice_client.channel
        super()._update_voice_channel(channel_id)
        if self.voice_client.channel is None:
            self.voice_client.channel = former  # nobody has told of the new one yet

    def _create_socket(self) -> None:
        if self._given_up:
            return  # nobody would close it
        former = self.socket
        super()._create_socket()
        if former:
            former.close()
        # As much as the system allows: an event loop that is busy for a moment loses nothing.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    async def _recover_from_invalid_commit(self, transition_id: int) -> None:
        """Ask to be added to the encrypted group anew, unless that is under way.

        What was sent before we asked cannot be used any more. Who asked again for
        each of it would make it outdated every time, and never get in.
        """
        now = self.voice_client.loop.time()
        outside = self.dave_session is not None and not self.dave_session.ready
        if outside and now - self._asked_for_keys_at < _NEW_KEYS_PATIENCE:
            return
        self._asked_for_keys_at = now
        await super()._recover_from_invalid_commit(transition_id)

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


def _end(reader: Any) -> None:
    """End the thread that discord.py's state has just started, in whatever state it is."""
    while reader.is_alive():
        reader.stop()  # again: what the thread does first is to forget that it was stopped
        reader.join(0.001)
