"""Takes media sockets: signed, with a token of their own, of the call they say."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from pipeline.clock import Clock
from server.phone.audio.media_stream import MediaStream
from server.phone.audio.stream_messages import StreamMessageError
from server.phone.line.media_connection import MediaSocketClosed
from server.phone.public.door import Door, peer_of
from server.phone.public.gate import Gate, RefusedError, webhook_request
from server.phone.public.telephone import Telephone
from server.phone.security.media_tokens import MediaPass, MediaTokens
from server.phone.security.refusals import CLOSE_CODE, Reason, Refusal
from server.phone.security.webhook_guard import WebhookGuard

NORMAL: Final = 1000
"""Close code of a stream that is over."""


class AcceptedSocket:
    """A WebSocket of the listener as a :class:`~server.phone.line.media_connection.MediaSocket`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def receive(self) -> str:
        """Wait for the next text message; a binary one reads as no message of Twilio's."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise MediaSocketClosed
        return message.get("text") or ""

    async def send(self, text: str) -> None:
        """Send a text message."""
        if self._socket.application_state is not WebSocketState.CONNECTED:
            raise MediaSocketClosed
        try:
            await self._socket.send_text(text)
        except WebSocketDisconnect:
            raise MediaSocketClosed from None


class MediaSockets:
    """Lets media sockets through to the telephone.

    Args:
        gate: How many, how much, how slowly.
        guard: Whether they are Twilio's, and new.
        tokens: Which call they belong to.
        door: The connections they come on.
        clock: The clock of the limits.

    """

    def __init__(
        self, gate: Gate, guard: WebhookGuard, tokens: MediaTokens, door: Door, clock: Clock
    ) -> None:
        self._gate = gate
        self._guard = guard
        self._tokens = tokens
        self._door = door
        self._clock = clock

    async def receive(self, socket: WebSocket, telephone: Telephone) -> None:
        """Carry a media socket to its end."""
        try:
            await self._receive(socket, telephone)
        except RefusedError as error:
            self._gate.note(error.refusal, socket)
            await _refuse(socket, error.refusal)
        except MediaSocketClosed:
            pass  # it went before it had said anything
        finally:
            self._door.close(peer_of(socket.scope))

    async def _receive(self, socket: WebSocket, telephone: Telephone) -> None:
        with self._gate.visit(socket) as ticket:
            call = self._judge(socket)
            # Signed, and with a token: all calls at once may come from one address of Twilio's.
            self._gate.admit(ticket, socket)
            await socket.accept()
            accepted, stream = AcceptedSocket(socket), MediaStream(call.call_sid)
            async with self._gate.in_time(ticket):
                await self._begin(accepted, stream)
            await telephone.talk(accepted, stream)
        if socket.application_state is WebSocketState.CONNECTED:
            await _close(socket)

    def _judge(self, socket: WebSocket) -> MediaPass:
        """Judge a socket before its upgrade."""
        now = self._clock.now()
        refusal = self._guard.receive_upgrade(webhook_request(socket.scope), now)
        if refusal is not None:
            raise RefusedError(refusal)
        call = self._tokens.redeem(socket.path_params["token"], now)
        if isinstance(call, Refusal):
            raise RefusedError(call)
        return call

    async def _begin(self, socket: AcceptedSocket, stream: MediaStream) -> None:
        """Read until the stream names its call."""
        while stream.started is None:
            text = await socket.receive()
            try:
                stream.receive(text)
            except StreamMessageError as error:
                raise RefusedError(Refusal(Reason.BAD_REQUEST, str(error))) from None


async def _refuse(socket: WebSocket, refusal: Refusal) -> None:
    if socket.application_state is WebSocketState.CONNECTING:
        await socket.send_denial_response(Response(status_code=refusal.status))
    else:
        await _close(socket, CLOSE_CODE)


async def _close(socket: WebSocket, code: int = NORMAL) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # it may have gone by itself
        await socket.close(code)
