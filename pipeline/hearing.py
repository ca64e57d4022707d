"""One speaker's voice as it arrives: windows for the VAD, and the recent past."""

from __future__ import annotations

import numpy as np

from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples

JITTER = 0.04
"""Seconds by which a frame's time may differ from the samples before it and still follow them."""


class Windows:
    """Cuts a speaker's frames into windows of :data:`~pipeline.audio.VAD_WINDOW` samples.

    Frames that follow each other are joined. After a gap (Discord sends nothing
    in silence) the started window is filled up with silence, and the next
    begins at its own time.
    """

    def __init__(self) -> None:
        self._rest: Samples = np.empty(0, np.int16)
        self._at = 0.0
        self._next = 0.0

    def push(self, frame: AudioFrame) -> list[tuple[float, Samples]]:
        """Take in a frame.

        Returns:
            The windows that are complete, each with the time of its first sample.

        """
        windows: list[tuple[float, Samples]] = []
        if abs(frame.at - self._next) > JITTER:
            windows += self._fill_up()
            self._at = frame.at
        samples = np.concatenate([self._rest, frame.samples]) if len(self._rest) else frame.samples
        whole = len(samples) // VAD_WINDOW
        for index in range(whole):
            windows.append((self._at, samples[index * VAD_WINDOW : (index + 1) * VAD_WINDOW]))
            self._at += VAD_WINDOW / HEARING_RATE
        self._rest = samples[whole * VAD_WINDOW :]
        self._next = self._at + len(self._rest) / HEARING_RATE
        return windows

    def _fill_up(self) -> list[tuple[float, Samples]]:
        if not len(self._rest):
            return []
        window = np.zeros(VAD_WINDOW, np.int16)
        window[: len(self._rest)] = self._rest
        self._rest = np.empty(0, np.int16)
        return [(self._at, window)]


class History:
    """The last seconds of one speaker's voice, addressed by time.

    What was not heard (a gap, or too long ago) is silence.

    Args:
        seconds: How far back it reaches.

    """

    def __init__(self, seconds: float) -> None:
        self._ring: Samples = np.zeros(round(seconds * HEARING_RATE), np.int16)
        self._end = 0  # index of the sample after the newest, counted from the clock's zero

    def push(self, frame: AudioFrame) -> None:
        """Take in a frame; one that overlaps what is known replaces it."""
        size = len(self._ring)
        samples = frame.samples[-size:]
        start = round(frame.at * HEARING_RATE) + len(frame.samples) - len(samples)
        if abs(start - self._end) <= JITTER * HEARING_RATE:
            start = self._end  # a clock's rounding must not cut clicks into the voice
        elif start > self._end:
            self._write(self._end, np.zeros(min(start - self._end, size), np.int16), start)
        self._write(start, samples, start + len(samples))

    def cut(self, start: float, end: float) -> Samples:
        """Return a copy of the samples from ``start`` to ``end`` seconds."""
        size = len(self._ring)
        first, last = round(start * HEARING_RATE), round(end * HEARING_RATE)
        cut: Samples = np.zeros(max(0, last - first), np.int16)
        low, high = max(first, self._end - size, 0), min(last, self._end)
        if low < high:
            cut[low - first : high - first] = self._ring[np.arange(low, high) % size]
        return cut

    def _write(self, at: int, samples: Samples, end: int) -> None:
        size = len(self._ring)
        position = at % size
        first = samples[: size - position]
        self._ring[position : position + len(first)] = first
        self._ring[: len(samples) - len(first)] = samples[len(first) :]
        self._end = max(self._end, end)
