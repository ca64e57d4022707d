"""discord.py's voice gateway connection, made to survive what would leave the bot deaf."""

from __future__ import annotations

import asyncio
import logging
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import davey
from discord.errors import ConnectionClosed
from discord.gateway import DiscordVoiceWebSocket

from discord_bot.rtp import ENCRYPTION_MODE, discovered_address, discovery_request

if TYPE_CHECKING:
    from discord_bot.receive_connection import ReceiveConnection

logger = logging.getLogger(__name__)

DISCOVERY_ATTEMPTS = 5
_DISCOVERY_PATIENCE = 1.0
"""Seconds for an answer to IP discovery; a datagram may be lost."""

_SEVERED = 4015
"""discord.py resumes a session after this code only."""

_NO_GOODBYE = (-1, 1001, 1006)
"""Codes of a connection that broke off."""

_OVER = 1000
"""discord.py gives up after this code."""

_UNUSABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What comes of a message with missing or absurd content; ValueError is also davey's only error."""

REFUSALS = {
    4004: "Discord did not accept the voice connection's token. Try again.",
    4011: "Discord does not know the voice server any more. Try again.",
    4012: "Discord does not speak this program's voice protocol any more: update it.",
    4016: "Discord does not know the voice encryption any more: update this program.",
    4017: "Discord demands an end-to-end encryption that this program cannot do: update it.",
}
"""Close codes after which the same attempt would fail again, and what to tell people."""


class VoiceRefusedError(Exception):
    """Discord does not let the bot into the call; the message is for the people who asked."""


class VoiceWebSocket(DiscordVoiceWebSocket):
    """The voice gateway, with what discord.py 2.7 lacks.

    A message that cannot be used no longer ends the connection's task; an upgrade
    to DAVE in the middle of a call is followed; a severed connection is resumed;
    IP discovery is repeated; hopeless attempts end.
    """

    _connection: ReceiveConnection

    resumed = False
    """Whether Discord has taken the session up again."""

    async def received_message(self, msg: dict[str, Any]) -> None:
        """Act on a JSON message."""
        state, op, data = self._connection, msg["op"], msg["d"]
        if op == self.RESUMED:
            self.resumed = True
        elif op == self.DAVE_PREPARE_EPOCH and data["epoch"] == 1 and state.dave_session is None:
            # discord.py looks at DAVE messages only while it has a session.
            channel_id = state.voice_client.channel.id
            version = data["protocol_version"]
            if version:
                state.dave_session = davey.DaveSession(version, state.user.id, channel_id)
        await super().received_message(msg)

    async def received_binary_message(self, msg: bytes) -> None:
        """Act on an MLS message."""
        if msg[2] == self.MLS_PROPOSALS:
            await self._process_proposals(msg)
        else:
            await super().received_binary_message(msg)

    async def _process_proposals(self, msg: bytes) -> None:
        """Let only those into the group whom Discord has announced."""
        (self.seq_ack,) = struct.unpack_from(">H", msg)
        session = self._connection.dave_session
        if session is None:
            return
        kinds = davey.ProposalsOperationType
        kind = kinds.append if msg[3] == 0 else kinds.revoke
        expected = self._connection.expected_members()
        result = session.process_proposals(kind, msg[4:], expected)
        if result is not None:
            body = result.commit + (result.welcome or b"")
            await self.send_binary(self.MLS_COMMIT_WELCOME, body)

    async def poll_event(self) -> None:
        """Wait for a message and act on it; one that cannot be used is skipped.

        Raises:
            ConnectionClosed: The connection is over.
            VoiceRefusedError: It will not come about.

        """
        try:
            await super().poll_event()
        except _UNUSABLE as error:
            kind = type(error).__name__
            logger.warning("A message of the voice gateway cannot be used: %s: %s", kind, error)
        except ConnectionError as error:
            # It broke while we answered; what comes next is how and why it was closed.
            logger.debug("The voice gateway could not be answered: %s", error)
        except ConnectionClosed as closed:
            if self._close_code is not None:
                raise  # we closed it
            if closed.code in _NO_GOODBYE:
                closed.code = _SEVERED
            elif closed.code in REFUSALS:
                if not self._connection.is_connected():
                    raise VoiceRefusedError(REFUSALS[closed.code]) from None
                logger.error("%s (code %d)", REFUSALS[closed.code], closed.code)  # noqa: TRY400 - no bug
                closed.code = _OVER
            raise

    async def initial_connection(self, data: dict[str, Any]) -> None:
        """Choose the encryption and find out our own address.

        Raises:
            VoiceRefusedError: There is no encryption that both sides know.

        """
        if ENCRYPTION_MODE not in data["modes"]:
            raise VoiceRefusedError(REFUSALS[4016])
        await super().initial_connection({**data, "modes": [ENCRYPTION_MODE]})

    async def discover_ip(self) -> tuple[str, int]:
        """Ask the media server for our own address and port, more than once if need be.

        Raises:
            TimeoutError: It did not answer.

        """
        state = self._connection
        answer: asyncio.Future[tuple[str, int]] = self.loop.create_future()

        def take(datagram: bytes) -> None:
            address = discovered_address(datagram)
            if address is not None and not answer.done():
                answer.set_result(address)

        state.add_socket_listener(take)
        try:
            for _ in range(DISCOVERY_ATTEMPTS):
                with suppress(ConnectionError):  # the server is just not ready yet
                    await self.loop.sock_sendall(state.socket, discovery_request(state.ssrc))
                done, _ = await asyncio.wait([answer], timeout=_DISCOVERY_PATIENCE)
                if done:
                    return answer.result()
        finally:
            answer.cancel()
            state.remove_socket_listener(take)
        raise TimeoutError("the media server does not answer by UDP")
