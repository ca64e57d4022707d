"""A media socket whose other end is Twilio's, on the clock of the conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from typing import Any

import numpy as np

from pipeline.clock import AudioTimeLoop, Clock
from server.phone.audio.media_stream import MediaStream
from server.phone.line.media_connection import MediaSocketClosed
from tests.peers.telephone_sound import FRAME_BYTES, SILENCE, encode_g711
from tests.peers.twilio.earpiece import Earpiece
from tests.peers.twilio.stream_messages import Clear, Mark, Media, StreamMessages, read_message

CALL_SID = "CA1"
STREAM_SID = "MZ1"
FRAME_SECONDS = 0.02
VOICE = encode_g711(np.full(FRAME_BYTES, 4000, np.int16))


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test in the time of the audio."""
    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(test)


class Watched:
    """Takes note of what a stream tells beside its sound."""

    def __init__(self) -> None:
        self.frames = 0
        self.keys = ""

    def receive_media(self) -> None:
        self.frames += 1

    def receive_key(self, digit: str) -> None:
        self.keys += digit


class FarSocket:
    """Sends 20 ms of the caller after another, and plays what it gets to an ear.

    ``speech`` are the spans in which the caller speaks, in seconds of the stream.
    """

    def __init__(self, clock: Clock, speech: Sequence[tuple[float, float]] = ()) -> None:
        self._clock = clock
        self._speech = speech
        self._messages = StreamMessages("AC1", CALL_SID, STREAM_SID)
        self._earpiece = Earpiece()
        self._coming: asyncio.Queue[str | None] = asyncio.Queue()
        self.began = clock.now()
        self.ear = bytearray()
        self.received: list[str] = []
        self.closed = False
        self.stuck = False
        """Whether marks no longer come back."""

    def started(self) -> MediaStream:
        """Return the stream, its beginning read."""
        stream = MediaStream(CALL_SID)
        for message in (self._messages.connected(), self._messages.start({})):
            stream.receive(json.dumps(message))
        return stream

    async def receive(self) -> str:
        text = await self._coming.get()
        if text is None:
            raise MediaSocketClosed
        return text

    async def send(self, text: str) -> None:
        if self.closed:
            raise MediaSocketClosed
        match read_message(text, STREAM_SID):
            case Media(sound):
                self._earpiece.add(sound)
                self.received.append("media")
            case Mark(name):
                self._earpiece.mark(name)
            case Clear():
                self.received.append("clear")
                self._return(self._earpiece.clear())

    def press(self, digits: str) -> None:
        for digit in digits:
            self._coming.put_nowait(json.dumps(self._messages.dtmf(digit)))

    def say(self, text: str) -> None:
        """Send something that Twilio may or may not send."""
        self._coming.put_nowait(text)

    def stop(self) -> None:
        self._coming.put_nowait(json.dumps(self._messages.stop()))

    def drop(self) -> None:
        self.closed = True
        self._coming.put_nowait(None)

    async def talk(self) -> None:
        """Carry the line until cancelled or dropped."""
        at = 0.0
        while not self.closed:
            speaks = any(start <= at < end for start, end in self._speech)
            sound = VOICE if speaks else SILENCE
            media = self._messages.media(sound, round(at * 1000))
            self._coming.put_nowait(json.dumps(media))
            at = round(at + FRAME_SECONDS, 2)
            await self._clock.sleep_until(self.began + at)
            heard, marks = self._earpiece.play()
            self.ear += heard
            self._return(marks)

    def heard_seconds(self, start: float = 0.0, end: float = 1e9) -> float:
        """Return how much of a span of the stream the caller heard something."""
        frames = [
            self.ear[first : first + FRAME_BYTES]
            for first in range(0, len(self.ear), FRAME_BYTES)
            if start <= first / 8000 < end
        ]
        return FRAME_SECONDS * sum(any(one != 0xFF for one in frame) for frame in frames)

    def _return(self, marks: Sequence[str]) -> None:
        for name in () if self.stuck else marks:
            self._coming.put_nowait(json.dumps(self._messages.mark(name)))
