"""Audio files as a transport: everyone named speaks from a file of their own."""

from __future__ import annotations

import asyncio
import heapq
import logging
import wave
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipeline.audio import (
    HEARING_RATE,
    SPEECH_RATE,
    VAD_WINDOW,
    AudioFrame,
    Samples,
    decode_file,
)
from pipeline.clock import Clock
from pipeline.errors import AudioError
from pipeline.fades import FADE_SAMPLES, ramp
from pipeline.interfaces import DUCK, Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger

logger = logging.getLogger(__name__)

LOOKAHEAD = 0.5
"""Seconds of reply queued ahead of what is heard, before :meth:`WavTransport.play` waits."""

HELD_LOOK = 0.02
"""Seconds after which a held reply is looked at again."""

_ROUNDING = 0.5 / SPEECH_RATE


@dataclass(frozen=True, slots=True)
class Track:
    """What one person says."""

    speaker: Participant
    file: Path
    at: float = 0.0
    """When the file begins, in seconds on the conversation clock."""


class WavTransport:
    """People speak from files; the reply is kept at the time it was heard.

    Live, a frame is heard when its last sample has sounded. On the audio clock
    the same happens as fast as the machine can listen. A file that ends leaves
    its speaker present and silent.

    Args:
        tracks: Who says what, and when.
        clock: The conversation clock.
        present: Who is in the room besides; everyone on a track always is.
        out: WAV file to write what the people in the room heard of the replies.

    """

    def __init__(
        self,
        tracks: Sequence[Track],
        clock: Clock,
        *,
        present: Sequence[Participant] = (),
        out: Path | None = None,
    ) -> None:
        self._tracks = tracks
        self._clock = clock
        self._people = tuple(dict.fromkeys([*present, *(track.speaker for track in tracks)]))
        self._closed = asyncio.Event()
        self._ended = asyncio.Event()
        self._playback = _Playback(out)

    @property
    def ledger(self) -> PlaybackLedger:
        """What was really played, up to now."""
        self._playback.advance(self._clock.now())
        return self._playback.ledger

    def participants(self) -> Sequence[Participant]:
        """Everyone named, all the time."""
        return self._people

    async def events(self) -> AsyncIterator[AudioFrame]:
        """Everyone's voice, in order of time, until :meth:`close`.

        Raises:
            AudioError: A file cannot be read at all; raised when its time comes.

        """
        frames = heapq.merge(*map(_frames, self._tracks), key=lambda frame: frame.end)
        for frame in frames:
            await self._clock.sleep_until(frame.end)
            if self._closed.is_set():
                return
            yield frame
        self._ended.set()
        await self._closed.wait()

    async def wait_ended(self) -> None:
        """Wait until every file was heard to its end. Cancelling is safe."""
        await self._ended.wait()

    def close(self) -> None:
        """End the conversation: :meth:`events` returns."""
        self._closed.set()

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; returns when less than :data:`LOOKAHEAD` seconds are waiting."""
        self._playback.queue(audio, self._clock.now())
        await self._until_left(LOOKAHEAD)

    async def drain(self) -> None:
        """Wait until all queued audio was heard or dropped."""
        await self._until_left(0.0)

    async def _until_left(self, seconds: float) -> None:
        while (more := self._playback.left(self._clock.now()) - seconds) > _ROUNDING:
            await self._clock.sleep_until(self._clock.now() + self._playback.wait(more))

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are, now."""
        self._playback.set_volume(volume, self._clock.now())

    def stop(self) -> None:
        """Drop queued audio now."""
        self._playback.stop(self._clock.now())

    def finish(self) -> None:
        """Write what was heard, and the file's end; the transport is not used after."""
        self._playback.advance(self._clock.now())
        self._playback.finish()


class _Playback:
    """Replies on the conversation's time line, written to a file as they are heard."""

    def __init__(self, out: Path | None) -> None:
        self.ledger = PlaybackLedger()
        self._waiting: deque[Samples] = deque()
        self._samples = 0
        self._factor = 1.0
        self._fading: Samples = np.empty(0, np.int16)
        self._at = 0.0
        """Until when everything is counted; the first sample that waits is heard next."""

        self._volume = Volume.FULL
        # The file is ours: wave does not close what it did not open.
        self._file = out.open("wb") if out else None
        self._writer = _writer(self._file) if self._file else None
        self._written = 0

    def queue(self, audio: ReplyAudio, now: float) -> None:
        self.advance(now)
        self._waiting.append(audio.samples)
        self._samples += len(audio.samples)
        self.ledger.queue(audio.piece, audio.text, len(audio.samples) / SPEECH_RATE)

    def left(self, now: float) -> float:
        """Return the seconds that wait to be heard."""
        self.advance(now)
        return self._samples / SPEECH_RATE

    def wait(self, seconds: float) -> float:
        """Return how long to wait until so much may have been heard."""
        return min(seconds, HELD_LOOK) if self._volume is Volume.HELD else seconds

    def set_volume(self, volume: Volume, now: float) -> None:
        self.advance(now)
        if volume is Volume.HELD:
            self._fade_out()
        self._volume = volume

    def advance(self, now: float) -> None:
        """Count and write what was heard until ``now``."""
        if self._volume is Volume.HELD or not self._samples:
            self._at = max(self._at, now)
            return
        due = round((now - self._at) * SPEECH_RATE)
        while due > 0 and self._waiting:
            samples = self._waiting.popleft()
            heard, rest = samples[:due], samples[due:]
            if len(rest):
                self._waiting.appendleft(rest)
            self._write(self._at, heard)
            self._samples -= len(heard)
            due -= len(heard)
            self._at += len(heard) / SPEECH_RATE
            self.ledger.play(len(heard) / SPEECH_RATE)
        if not self._samples:
            self._at = max(self._at, now)

    def stop(self, now: float) -> None:
        self.advance(now)
        self._fade_out()
        self._factor = 1.0
        self._waiting.clear()
        self._samples = 0
        self._at = max(self._at, now)
        self._volume = Volume.FULL
        self.ledger.drop()

    def finish(self) -> None:
        if self._writer is not None:
            self._append(np.zeros(len(self._fading), np.int16))
            self._writer.close()
        if self._file is not None:
            self._file.close()

    def _write(self, at: float, samples: Samples) -> None:
        if self._writer is None or not len(samples):
            return
        silence = round(at * SPEECH_RATE) - self._written
        while silence > 0:
            part = min(silence, SPEECH_RATE)  # a second at a time: the file may be hours long
            self._append(np.zeros(part, np.int16))
            silence -= part
        before, self._factor = self._factor, DUCK if self._volume is Volume.DUCKED else 1.0
        self._append(ramp(samples, before, self._factor))

    def _fade_out(self) -> None:
        """Let what would come next die away within 5 ms; it may be gone on with."""
        if self._factor and self._waiting and self._written == round(self._at * SPEECH_RATE):
            self._fading = ramp(self._waiting[0][:FADE_SAMPLES], self._factor, 0.0)
        self._factor = 0.0

    def _append(self, samples: Samples) -> None:
        """Write what is heard next, or silence, over what still dies away."""
        if self._writer is None or not len(samples):
            return
        both = np.zeros(max(len(samples), len(self._fading)), np.int32)
        both[: len(samples)] = samples
        both[: len(self._fading)] += self._fading
        self._fading = both[len(samples) :].astype(np.int16)
        both = np.clip(both[: len(samples)], -32768, 32767)
        self._writer.writeframes(both.astype("<i2").tobytes())
        self._written += len(samples)


def _writer(file: BinaryIO) -> wave.Wave_write:
    writer = wave.open(file, "wb")  # noqa: SIM115 - closed by finish()
    writer.setnchannels(1)
    writer.setsampwidth(2)
    writer.setframerate(SPEECH_RATE)
    return writer


def _frames(track: Track) -> Iterator[AudioFrame]:
    """Cut a track into frames of one VAD window each, the last filled up with silence."""
    rest = np.empty(0, np.int16)
    at = track.at
    for piece in _as_far_as_it_goes(track.file):
        rest = np.concatenate([rest, piece])
        whole = len(rest) - len(rest) % VAD_WINDOW
        for first in range(0, whole, VAD_WINDOW):
            yield AudioFrame(track.speaker.id, rest[first : first + VAD_WINDOW], at)
            at += VAD_WINDOW / HEARING_RATE
        rest = rest[whole:]
    if len(rest):
        padding = np.zeros(VAD_WINDOW - len(rest), np.int16)
        yield AudioFrame(track.speaker.id, np.concatenate([rest, padding]), at)


def _as_far_as_it_goes(file: Path) -> Iterator[Samples]:
    """Decode a file; where it is damaged it ends, and what was heard before stands."""
    begun = False
    try:
        for piece in decode_file(file):
            begun = True
            yield piece
    except AudioError as error:
        if not begun:
            raise
        logger.warning("%s; it is heard up to the damage", error)
