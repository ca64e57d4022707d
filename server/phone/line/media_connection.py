"""Carries one media stream between its WebSocket and the call."""

from __future__ import annotations

import asyncio
import enum
import logging
from typing import Protocol, assert_never

from server.phone.audio.media_stream import MediaStream
from server.phone.audio.playout import SendClear, SendMark, SendSound
from server.phone.audio.stream_messages import (
    Connected,
    KeyPressed,
    Marked,
    Media,
    Started,
    Stopped,
    StreamMessage,
    StreamMessageError,
)
from server.phone.line.transport import PhoneTransport

logger = logging.getLogger(__name__)


class MediaSocketClosed(Exception):  # noqa: N818 - what happened; whether it is wrong depends
    """The other side has closed the socket, or the network did."""


class MediaSocket(Protocol):
    """The WebSocket of a media stream, which was accepted."""

    async def receive(self) -> str:
        """Wait for the next text message.

        Raises:
            MediaSocketClosed: There is none any more.

        """

    async def send(self, text: str) -> None:
        """Send a text message; waits while the network takes no more.

        Raises:
            MediaSocketClosed: It cannot be sent.

        """


class StreamEnd(enum.Enum):
    """Why a media stream is over."""

    STOPPED = "stopped"
    """Twilio said so: somebody hung up, or the call was sent elsewhere."""

    LOST = "lost"
    """The socket broke without a word."""

    WRONG = "wrong"
    """What came was not what Twilio sends; the socket has to be closed."""


class StreamWatcher(Protocol):
    """Who follows a stream beside its sound."""

    def receive_media(self) -> None:
        """Take in that sound came, whatever was in it."""

    def receive_key(self, digit: str) -> None:
        """Take in that the caller pressed a key."""


async def carry(
    socket: MediaSocket, stream: MediaStream, transport: PhoneTransport, watcher: StreamWatcher
) -> StreamEnd:
    """Carry sound both ways until the stream is over.

    Args:
        socket: Its WebSocket.
        stream: The stream, which has started.
        transport: The call's sound; connected meanwhile.
        watcher: Is told of signs of life and keys.

    Returns:
        Why it is over. Closing the socket is the caller's.

    Cancelling ends it.

    """
    transport.connect()
    try:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(_send(socket, stream, transport), name="media out")
            try:
                return await _receive(socket, stream, transport, watcher)
            finally:
                sending.cancel()
    finally:
        transport.disconnect()


async def _send(socket: MediaSocket, stream: MediaStream, transport: PhoneTransport) -> None:
    """Send what the playout decides; ends when nothing can be sent, which reading finds too."""
    try:
        while True:
            match step := await transport.playback.next_step():
                case SendSound(ulaw):
                    await socket.send(stream.media(ulaw))
                case SendMark(name):
                    await socket.send(stream.mark(name))
                case SendClear():
                    await socket.send(stream.clear())
                case _:
                    assert_never(step)
    except MediaSocketClosed:
        return


async def _receive(
    socket: MediaSocket, stream: MediaStream, transport: PhoneTransport, watcher: StreamWatcher
) -> StreamEnd:
    while True:
        try:
            message = stream.receive(await socket.receive())
        except MediaSocketClosed:
            return StreamEnd.LOST
        except StreamMessageError as error:
            logger.warning("A media stream is given up: %s", error)
            return StreamEnd.WRONG
        if isinstance(message, Stopped):
            return StreamEnd.STOPPED
        _take(message, transport, watcher)


def _take(message: StreamMessage | None, transport: PhoneTransport, watcher: StreamWatcher) -> None:
    match message:
        case Media():
            watcher.receive_media()
            transport.receive(message)
        case Marked(name=name):
            transport.playback.receive_mark(name)
        case KeyPressed(digit=digit):
            watcher.receive_key(digit)
        case Connected() | Started() | Stopped() | None:
            pass  # the beginning is over, and what is not known is ignored
        case _ as never:
            assert_never(never)
