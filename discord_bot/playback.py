"""What the bot says: replies cut into packets of 20 ms, taken by discord.py's player thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import discord
import numpy as np

from discord_bot.opus import SPEECH_FRAME, OpusEncoder, OpusLibrary
from discord_bot.rtp import SILENCE
from pipeline.audio import SPEECH_RATE, Samples
from pipeline.errors import AudioError
from pipeline.fades import FADE_SAMPLES, ramp
from pipeline.interfaces import DUCK, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger

logger = logging.getLogger(__name__)

LOOKAHEAD = 0.5
"""Seconds queued ahead of what is heard, before :meth:`Playback.play` waits."""

LINGER = 10
"""Packets of silence sent when speech does not keep up, before the bot stops "speaking"."""

CONNECTION_PATIENCE = 5.0
"""Seconds a reply waits for a connection that is being made again."""

_LATE = 0.02
"""Seconds until what should have been played by now is looked at again."""


_NOTHING: Samples = np.empty(0, np.int16)
_FACTORS = {Volume.FULL: 1.0, Volume.DUCKED: DUCK, Volume.HELD: 0.0}


class Mouth(Protocol):
    """discord.py's way to send audio."""

    def is_connected(self) -> bool:
        """Return whether it can send now."""

    def play(
        self, source: discord.AudioSource, *, after: Callable[[Exception | None], Any]
    ) -> None:
        """Send what a source gives, in a thread, until it gives nothing."""


class ReplyBuffer:
    """Reply audio on its way from the event loop to the player thread. Never blocks for long.

    Where it is cut, held, or changes its volume, a few milliseconds fade.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[Samples] = deque()
        self._samples = 0
        self._taken = 0
        self._cut = False
        self._fading = _NOTHING
        self._factor = 1.0
        self.volume = Volume.FULL
        """How loud it shall be."""

    @property
    def seconds(self) -> float:
        """How much waits."""
        return self._samples / SPEECH_RATE

    @property
    def cut(self) -> bool:
        """Whether what was waiting was dropped, and nothing has come since."""
        return self._cut

    def put(self, samples: Samples) -> None:
        """Add audio."""
        with self._lock:
            self._pieces.append(samples)
            self._samples += len(samples)
            self._cut = False

    def take(self, most: int) -> Samples:
        """Take out up to so many samples, as loud as they shall be; none while it is held."""
        with self._lock:
            fading, self._fading = self._fading, _NOTHING
            if self.volume is Volume.HELD:
                return np.concatenate([fading, self._fade_out()])
            samples = self._take_out(most - len(fading))
            self._taken += len(samples)
            before, self._factor = self._factor, _FACTORS[self.volume]
            return np.concatenate([fading, ramp(samples, before, self._factor)])

    def clear(self) -> None:
        """Drop what waits."""
        with self._lock:
            self._fading = self._fade_out()
            self._pieces.clear()
            self._samples = 0
            self._cut = True
            self._factor = 1.0
            self.volume = Volume.FULL

    def _take_out(self, most: int) -> Samples:
        parts: list[Samples] = [_NOTHING]
        missing = most
        while self._pieces and missing:
            piece = self._pieces.popleft()
            parts.append(piece[:missing])
            if len(piece) > missing:
                self._pieces.appendleft(piece[missing:])
            missing -= len(parts[-1])
        self._samples -= most - missing
        return np.concatenate(parts)

    def _fade_out(self) -> Samples:
        """Return how what waits dies away, and keep it: it may be gone on with."""
        if not self._factor:
            return _NOTHING
        before, self._factor = self._factor, 0.0
        tail = self._take_out(FADE_SAMPLES)
        if len(tail):
            self._pieces.appendleft(tail)
            self._samples += len(tail)
        return ramp(tail, before, 0.0)

    def take_account(self) -> float:
        """Return how many seconds were taken since the last call."""
        with self._lock:
            taken, self._taken = self._taken, 0
        return taken / SPEECH_RATE


class ReplySource(discord.AudioSource):
    """Gives discord.py's player a packet every 20 ms while there is something to say.

    Args:
        buffer: What is to be said.
        encoder: Of this source alone.

    """

    def __init__(self, buffer: ReplyBuffer, encoder: OpusEncoder) -> None:
        self._buffer = buffer
        self._encoder = encoder
        self._idle = 0

    def is_opus(self) -> bool:
        """Packets are encoded already."""
        return True

    def read(self) -> bytes:
        """Return the next packet at once; silence when speech is late or held, nothing at the end.

        A source that waited here would be followed by a burst of packets.
        """
        samples = self._buffer.take(SPEECH_FRAME)
        if len(samples):
            self._idle = 0
            return self._encoder.encode(np.pad(samples, (0, SPEECH_FRAME - len(samples))))
        if self._buffer.volume is Volume.HELD:
            return SILENCE
        if self._buffer.cut or self._idle >= LINGER:
            return b""
        self._idle += 1
        return SILENCE


class Playback:
    """Says replies over one voice connection, and keeps account of what was heard.

    Args:
        mouth: Sends.
        library: libopus.

    """

    def __init__(self, mouth: Mouth, library: OpusLibrary) -> None:
        self._mouth = mouth
        self._library = library
        self._buffer = ReplyBuffer()
        self._ledger = PlaybackLedger()
        self._loop = asyncio.get_running_loop()
        self._running = False
        self._closed = False

    @property
    def ledger(self) -> PlaybackLedger:
        """What the media server was sent, up to now."""
        self._ledger.play(self._buffer.take_account())
        return self._ledger

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; returns when less than :data:`LOOKAHEAD` seconds are waiting.

        Raises:
            AudioError: The voice connection is lost.

        """
        await self._until_connected()
        self.ledger.queue(audio.piece, audio.text, len(audio.samples) / SPEECH_RATE)
        self._buffer.put(audio.samples)
        self._start()
        await self._until_left(LOOKAHEAD)

    async def drain(self) -> None:
        """Wait until all queued audio was sent or dropped.

        Raises:
            AudioError: The voice connection is lost.

        """
        await self._until_left(0.0)

    def set_volume(self, volume: Volume) -> None:
        """Change how loud it is from the next packet on."""
        self._buffer.volume = volume

    def stop(self) -> None:
        """Drop queued audio; one more packet is sent, in which it dies away within 5 ms."""
        self._buffer.clear()
        self.ledger.drop()

    def close(self) -> None:
        """Say nothing more: the connection is over."""
        self._closed = True
        self.stop()

    async def _until_connected(self) -> None:
        deadline = self._loop.time() + CONNECTION_PATIENCE
        while not self._mouth.is_connected():
            if self._closed or self._loop.time() >= deadline:
                raise AudioError("the voice connection is lost; what was left to say was dropped")
            await asyncio.sleep(_LATE)

    async def _until_left(self, seconds: float) -> None:
        while (ahead := self._buffer.seconds - seconds) > 0.0:  # noqa: ASYNC110 - a thread takes it
            await asyncio.sleep(max(ahead, _LATE))
        if self._closed:
            raise AudioError("the voice connection is lost; what was left to say was dropped")

    def _start(self) -> None:
        if self._running:
            return
        source = ReplySource(self._buffer, OpusEncoder(self._library))
        try:
            self._mouth.play(source, after=self._tell_ended)
        except discord.ClientException as error:
            self.stop()
            raise AudioError("the voice connection is lost; the reply cannot be heard") from error
        self._running = True

    def _tell_ended(self, error: Exception | None) -> None:
        """Take in that the player's thread ends, in that thread."""
        with suppress(RuntimeError):  # the program ends
            self._loop.call_soon_threadsafe(self._ended, error)

    def _ended(self, error: Exception | None) -> None:
        self._running = False
        if error is not None:
            logger.error("A reply could not be played", exc_info=error)
            self.stop()
        elif self._buffer.seconds and not self._closed:
            try:
                self._start()  # more came just when the player had stopped
            except AudioError as lost:
                logger.warning("%s", lost)
