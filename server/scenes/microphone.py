"""An open microphone: a person's voice, and what the room's loudspeakers play. Sans I/O."""

from __future__ import annotations

import numpy as np

from pipeline.audio import HEARING_RATE, AudioFrame
from server.scenes.format import Echo
from server.scenes.heard import HeardReplies, Sound


class OpenMicrophone:
    """Adds the replies to what somebody says, and to their silence.

    Args:
        echo: Whose, and how the replies come back.
        heard: The replies.

    """

    def __init__(self, echo: Echo, heard: HeardReplies) -> None:
        self._echo = echo
        self._heard = heard
        self._gain = 10.0 ** (echo.gain_db / 20.0)
        self._next = 0
        """Number of the first sample that was not given yet."""

    def hear(self, voice: AudioFrame) -> AudioFrame:
        """Return everything up to the end of a frame of the person's voice."""
        first = self._next
        at = round(voice.at * HEARING_RATE)
        sound = self._advance(at + len(voice.samples))
        if cut := max(0, first - at):  # silence was given for its beginning
            voice = AudioFrame(voice.speaker, voice.samples[cut:], voice.at)
        sound[len(sound) - len(voice.samples) :] += voice.samples
        return self._frame(first, sound)

    def wait(self, now: float) -> AudioFrame | None:
        """Return what was picked up until ``now`` while the person was silent, if anything."""
        first = self._next
        sound = self._advance(round(now * HEARING_RATE))
        return self._frame(first, sound) if len(sound) else None

    def _advance(self, until: int) -> Sound:
        first, self._next = self._next, max(self._next, until)
        start = first / HEARING_RATE - self._echo.delay_ms / 1000
        sound: Sound = self._heard.cut(start, self._next - first) * self._gain
        return sound

    def _frame(self, first: int, sound: Sound) -> AudioFrame:
        samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
        return AudioFrame(self._echo.speaker, samples, first / HEARING_RATE)
