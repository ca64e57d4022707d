"""Sans-I/O: what the caller says, from Twilio's messages to what the pipeline hears.

A jump of the timestamps is sound that was lost before it reached Twilio. It is known only when the
next message is there, so filling it delays nothing:

- up to :data:`MOST_FILLED` it is filled (:func:`~server.phone.audio.concealment.bridge`), and the
  voice activity model and the recogniser hear one stream whose time is true;
- beyond it nothing is delivered: silence is the passing of time, and the next sound begins at its
  own time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.audio import HEARING_RATE, AudioFrame, Samples
from server.phone.audio.caller_time import CallerTime
from server.phone.audio.concealment import REMEMBERED, bridge
from server.phone.audio.g711 import PHONE_RATE, decode_ulaw
from server.phone.audio.resampler import to_hearing
from server.phone.audio.stream_messages import Media

MOST_FILLED: Final = 0.2
"""Seconds of lost sound that are filled."""

_ROUNDING: Final = 0.005
"""Seconds by which a timestamp may be off and still follow: they are whole milliseconds."""


@dataclass(frozen=True, slots=True)
class PhoneSound:
    """Some sound at :data:`~server.phone.audio.g711.PHONE_RATE`, and when it was heard."""

    at: float
    """When the first sample was heard, in seconds on the conversation clock."""

    samples: Samples

    follows: bool = True
    """Whether it goes on where the last one ended; if not, there is a gap before it."""


class CallerSound:
    """Puts the caller's sound in its place in time, and fills small gaps."""

    def __init__(self) -> None:
        self._time = CallerTime()
        self._next: float | None = None
        self._last: Samples = np.empty(0, np.int16)
        self.lost = 0.0
        """Seconds of the caller's voice that never reached Twilio."""

    def receive(self, media: Media, now: float) -> PhoneSound:
        """Take in a message, and return its sound with what fills the gap before it.

        Args:
            media: Of the caller's track.
            now: When it arrived.

        """
        samples = decode_ulaw(media.ulaw)
        seconds = len(samples) / PHONE_RATE
        at = self._time.place(media.timestamp, seconds, now)
        gap = 0.0 if self._next is None else media.timestamp - self._next
        gap = gap if gap > _ROUNDING else 0.0
        follows = self._next is not None and gap <= MOST_FILLED
        self.lost += gap
        self._next = media.timestamp + seconds
        before, self._last = self._last, samples[-REMEMBERED:]
        if gap and follows:
            missing = round(gap * PHONE_RATE)
            samples = np.concatenate([bridge(before, samples, missing), samples])
            at -= missing / PHONE_RATE
        return PhoneSound(at, samples, follows)


class CallerVoice:
    """Makes of the caller's sound what the pipeline hears.

    Args:
        speaker: The caller's :attr:`~pipeline.interfaces.Participant.id`.

    """

    def __init__(self, speaker: str) -> None:
        self._speaker = speaker
        self._resampler = to_hearing()
        self._kept = 0
        self._end = 0.0

    def hear(self, sound: PhoneSound) -> list[AudioFrame]:
        """Return the next frames; the resampler keeps the last 2 ms for the next time."""
        frames = [] if sound.follows else self._finish()
        at = sound.at - self._kept / HEARING_RATE
        samples = self._resampler.push(sound.samples)
        self._kept += len(sound.samples) * HEARING_RATE // PHONE_RATE - len(samples)
        self._end = at + len(samples) / HEARING_RATE
        if len(samples):
            frames.append(AudioFrame(self._speaker, samples, at, continuous=True))
        return frames

    def _finish(self) -> list[AudioFrame]:
        rest = self._resampler.end()
        self._kept = 0
        return [AudioFrame(self._speaker, rest, self._end)] if len(rest) else []
