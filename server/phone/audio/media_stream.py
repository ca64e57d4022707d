"""Sans-I/O: the Media Stream of one call, whose messages must come in order and belong to it."""

from __future__ import annotations

from typing import Final, assert_never

from server.phone.audio.stream_messages import (
    PHONE_FORMAT,
    Connected,
    KeyPressed,
    Marked,
    Media,
    Started,
    Stopped,
    StreamMessage,
    StreamMessageError,
    clear_message,
    mark_message,
    media_message,
    read_message,
)

CALLER: Final = "inbound"
"""The track on which the caller is heard."""


class MediaStream:
    """The two sides of one stream, without its socket.

    Twilio's WebSocket loses nothing, so a sequence number that is left out is only counted. What is
    lost before Twilio shows as a jump of :attr:`Media.timestamp`; see
    :class:`~server.phone.audio.caller_sound.CallerSound`.

    Args:
        call_sid: The call that the socket was admitted for.

    """

    def __init__(self, call_sid: str) -> None:
        self._call_sid = call_sid
        self._started: Started | None = None
        self._stopped = False
        self._sequence = 0
        self.missing = 0
        """Messages that were left out in the numbering."""

    @property
    def started(self) -> Started | None:
        """What is known of the call; ``None`` until the stream begins."""
        return self._started

    def receive(self, text: str) -> StreamMessage | None:
        """Take in a text frame of the socket.

        Returns:
            What it says; ``None`` when that is nothing for us: a kind that is not known, another
            track, or anything after the end.

        Raises:
            StreamMessageError: It is malformed, out of order, of another call, or the sound is
                coded in a way that is not spoken here. Close the socket.

        """
        message = read_message(text)
        if message is None or self._stopped:
            return None
        match message:
            case Connected():
                if self._started is not None:
                    raise StreamMessageError("connected twice")
            case Started():
                self._start(message)
            case Media() | Marked() | KeyPressed():
                self._follow(message.stream_sid, message.sequence)
                if isinstance(message, Media) and message.track != CALLER:
                    return None
            case Stopped():
                self._follow(message.stream_sid, message.sequence)
                self._stopped = True
            case _ as never:
                assert_never(never)
        return message

    def media(self, ulaw: bytes) -> str:
        """Return the message that has sound played."""
        return media_message(self._sid, ulaw)

    def mark(self, name: str) -> str:
        """Return the message that asks to be told when all before it was played."""
        return mark_message(self._sid, name)

    def clear(self) -> str:
        """Return the message that throws away what was not played."""
        return clear_message(self._sid)

    @property
    def _sid(self) -> str:
        if self._started is None:
            raise StreamMessageError("nothing can be sent before the stream begins")
        return self._started.stream_sid

    def _start(self, message: Started) -> None:
        if self._started is not None:
            raise StreamMessageError("a stream that begins twice")
        if message.call_sid != self._call_sid:
            raise StreamMessageError("the stream of another call")
        if message.format != PHONE_FORMAT:
            raise StreamMessageError(
                f"sound as {message.format.encoding} at {message.format.rate} Hz;"
                " the stream must be mu-law at 8000 Hz with one channel"
            )
        self._started = message
        self._sequence = message.sequence

    def _follow(self, stream_sid: str, sequence: int) -> None:
        if self._started is None:
            raise StreamMessageError("a message before the stream begins")
        if stream_sid != self._started.stream_sid:
            raise StreamMessageError("a message of another stream")
        self.missing += max(0, sequence - self._sequence - 1)
        self._sequence = max(self._sequence, sequence)
