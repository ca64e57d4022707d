"""What people heard of the replies, on the scene's own time line. Sans I/O."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from pipeline.audio import HEARING_RATE, SPEECH_RATE, Samples
from pipeline.interfaces import DUCK, Volume
from server.scenes.observed import Playback

REMEMBERED = 4.0
"""Seconds of sound that are kept for its echo: the longest delay, and more than a frame."""

Sound = npt.NDArray[np.float64]

_LEVELS = {Volume.FULL: 1.0, Volume.DUCKED: DUCK, Volume.HELD: 0.0}
_LOW_PASS = np.hamming(9) / np.hamming(9).sum()
"""Keeps what the lower rate cannot hold from coming back as something else."""


class HeardReplies:
    """Notes when each reply was heard, and how it sounded.

    The transport's account says how much of what was queued has been played, so
    holding, ducking and stopping are counted as the transport did them.
    """

    def __init__(self) -> None:
        self.volume = Volume.FULL
        self._waiting: deque[Samples] = deque()
        self._samples = 0
        self._at = 0.0
        self._reply: Playback | None = None
        self._taken_back: list[Playback] = []
        self._sound: deque[tuple[int, Sound]] = deque()
        """What was heard lately, each piece with the number of its first sample."""

    def queue(self, samples: Samples) -> bool:
        """Take in what the transport was given, after :meth:`advance`.

        Returns:
            Whether a new reply begins with it.

        """
        self._waiting.append(samples)
        self._samples += len(samples)
        if self._reply is not None and self._reply.stopped is None:
            return False
        if self._reply is not None:  # its turn went on, and has had no record yet
            self._taken_back.append(self._reply)
        self._reply = Playback(self._at, self._at)
        return True

    def advance(self, now: float, seconds_waiting: float) -> None:
        """Take in how much still waits to be heard at ``now``."""
        heard = self._samples - round(seconds_waiting * SPEECH_RATE)
        at = self._at
        while heard > 0 and self._waiting:
            samples = self._waiting.popleft()
            part, rest = samples[:heard], samples[heard:]
            if len(rest):
                self._waiting.appendleft(rest)
            self._hear(part, at)
            heard -= len(part)
            at += len(part) / SPEECH_RATE
        self._at = max(at, now)

    def set_volume(self, volume: Volume) -> None:
        """Take in that the transport changed its volume, after :meth:`advance`."""
        self.volume = volume
        if self._reply is not None:
            self._reply = self._reply.changed(volume, self._at)

    def stop(self) -> None:
        """Take in that the transport dropped what waits, after :meth:`advance`."""
        if self._reply is not None and self._samples:
            self._reply = self._reply.broken_off(self._at)
        self._waiting.clear()
        self._samples = 0
        self.volume = Volume.FULL

    def take_reply(self) -> Playback | None:
        """Return when the last reply was heard, once: the next sound begins another."""
        reply, self._reply = self._reply, None
        return reply

    def take_taken_back(self) -> tuple[Playback, ...]:
        """Return the replies before the last that were broken off and have not been told of."""
        replies, self._taken_back = tuple(self._taken_back), []
        return replies

    def cut(self, start: float, samples: int) -> Sound:
        """Return what was heard from ``start`` on, at :data:`~pipeline.audio.HEARING_RATE`.

        Silence for what was too long ago, or is still to come.
        """
        margin = len(_LOW_PASS) // 2
        first = int(start * SPEECH_RATE) - margin
        known = np.zeros(samples * SPEECH_RATE // HEARING_RATE + 2 * margin + 2)
        for at, piece in self._sound:
            begin, end = max(at, first), min(at + len(piece), first + len(known))
            if begin < end:
                known[begin - first : end - first] = piece[begin - at : end - at]
        smooth = np.convolve(known, _LOW_PASS, mode="same")
        places = start * SPEECH_RATE - first + np.arange(samples) * (SPEECH_RATE / HEARING_RATE)
        sound: Sound = np.interp(places, np.arange(len(known)), smooth)
        return sound

    def _hear(self, samples: Samples, at: float) -> None:
        self._samples -= len(samples)
        if self._reply is not None:
            self._reply = self._reply.until(at + len(samples) / SPEECH_RATE)
        first = round(at * SPEECH_RATE)
        self._sound.append((first, samples.astype(np.float64) * _LEVELS[self.volume]))
        while first - self._sound[0][0] > REMEMBERED * SPEECH_RATE:
            self._sound.popleft()
