"""What was played and what is heard, as levels in bands that can be compared.

Levels are in dB, on a mel scale from 200 to 3800 Hz, which a telephone carries
too. Both sides are treated alike: what is far below the loudest counts as
silence, and the *course* of a band is its level against its own recent mean,
which a loudspeaker, a room and a microphone hardly change: what they do to a
band adds a constant.

Sans I/O.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.audio import HEARING_RATE, SPEECH_RATE, VAD_WINDOW, Samples

Floats = npt.NDArray[np.float32]

BANDS: Final = 16
"""With fewer, unrelated speech looks alike; with more, noise tells an echo from what was played."""

WINDOW: Final = VAD_WINDOW / HEARING_RATE
"""Seconds of sound behind one row of levels."""

STEP: Final = WINDOW / 2
"""Seconds from one row of what was played to the next."""

REACH: Final = 128
"""Rows of what was played that are remembered at least: 2 s."""

_LOWEST, _HIGHEST = 200.0, 3800.0  # Hz
_MEAN = 0.09  # share of a new window in a band's mean, which so covers about 0.35 s
_STEP_MEAN: Final = np.float32(1.0 - (1.0 - _MEAN) ** (STEP / WINDOW))
_COMMON: Final = np.float32(0.6 / BANDS)
"""How much of what all bands have in common is taken out of the course: any two voices that begin
at the same time get louder together."""

_MOST_ENERGY = 1200.0  # dB², of a course: one strong onset must not speak for all that follows
_NOTHING: Final = np.float32(1e-3)  # power of less than a sample's last bit
_RANGE = 42.0  # dB below the loudest that still count
_LEAST_RANGE = 20.0  # dB below the loudest that count however noisy it is
_FALL = 1.0  # dB a second by which the loudest is forgotten
_USUAL_LOUDEST = 45.0  # dB in a band of a reply
_QUIET_LOUDEST = 30.0  # dB in a band of a quiet voice
_NOISE_MEMORY = 48  # windows, 1.5 s: longer than people speak without a gap in some band
_OVER_LOWEST: Final = np.float32(2.0)  # 3 dB: noise goes up and down
_QUIET: Final = np.float32(9.0)  # dB over the noise that are still nothing
_LOUD = 30.0  # dB below the loudest of which an echo may be heard
_TOLERANCE = 0.04  # seconds by which times may differ from the length of the sound between them
# Jitter and reverberation: an echo is as loud as the loudest of four rows, and falls then (dB).
_SMEAR: Final = np.array([[3.0], [1.5], [0.0], [0.0], [0.0], [0.0]], np.float32)

AHEAD: Final = 2
"""Rows by which :attr:`Played.smeared` looks ahead: half of its loudest part."""


class BandMeter:
    """Measures the power in each band of windows of :data:`WINDOW` seconds.

    Args:
        rate: Hertz of the sound.

    """

    def __init__(self, rate: int) -> None:
        self.size: Final = round(WINDOW * rate)
        """Samples in a window."""
        frequencies = np.fft.rfftfreq(self.size, 1.0 / rate)
        mel = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), BANDS + 2)
        edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
        low, centre, high = edges[:-2], edges[1:-1], edges[2:]
        rise = (frequencies[:, None] - low) / (centre - low)
        fall = (high - frequencies[:, None]) / (high - centre)
        weights = np.clip(np.minimum(rise, fall), 0.0, None) * (1.5 / self.size) ** 2
        # Each twice: for the real and the imaginary part.
        self._weights = np.repeat(weights.astype(np.float32), 2, axis=0)
        self._taper = np.hanning(self.size).astype(np.float32)

    def power(self, windows: Samples) -> Floats:
        """Return the power in each band.

        Args:
            windows: PCM, shape ``(size,)`` or ``(n, size)``.

        """
        parts = np.fft.rfft(windows * self._taper).view(np.float32)
        power: Floats = np.matmul(parts * parts, self._weights, dtype=np.float32)
        return power


class Played(NamedTuple):
    """Rows of what was played, oldest first."""

    courses: Floats
    """The course of each band."""

    energies: Floats
    """Sum of the squares of a row's course."""

    smeared: Floats
    """Level of each band in an echo :data:`AHEAD` rows later, of gain 0 dB."""

    loudest: Floats
    """Level of a row's loudest band."""


class PlayedBands:
    """What was played in the last seconds, a row of bands every :data:`STEP` seconds."""

    def __init__(self) -> None:
        self._meter = BandMeter(SPEECH_RATE)
        self._step = self._meter.size // 2
        # Rows are written one behind another, into silence, and moved to the front when there is
        # no more room: any past is one slice.
        size = 4 * REACH
        self._levels = np.empty((size, BANDS), np.float32)
        self._rows = Played(
            courses=np.empty((size, BANDS), np.float32),
            energies=np.empty(size, np.float32),
            smeared=np.empty((size, BANDS), np.float32),
            loudest=np.empty(size, np.float32),
        )
        self._loudest = _USUAL_LOUDEST
        self._mean: Floats = np.zeros(BANDS, np.float32)
        self._rest: Samples = np.empty(0, np.int16)
        self._start_at(0.0)
        self.end = -np.inf
        """When the newest sound ended, in seconds on the conversation clock."""

    def receive(self, samples: Samples, at: float) -> None:
        """Take in what was played; between pieces that do not follow each other is silence."""
        missing = at - self.end
        if not -_TOLERANCE <= missing <= REACH * STEP:
            self._start_at(at)
        elif missing > _TOLERANCE:
            self._append(np.zeros(round(missing * SPEECH_RATE), np.int16))
        else:
            at = self.end  # a clock's rounding must not tear the sound apart
        self._append(samples)
        self.end = at + len(samples) / SPEECH_RATE

    def until(self, at: float, rows: int) -> Played:
        """Return what was played up to the window that began at a time.

        Args:
            at: Seconds on the conversation clock, not long after :attr:`end`.
            rows: How many, at most :data:`REACH`; what is not known is silence.

        Returns:
            Views, valid until the next call of any method.

        """
        last = max(rows, int((at - self._start) / STEP) + 1)
        if last > len(self._levels):
            last -= self._make_room()
        past = slice(last - rows, last)
        courses, energies, smeared, loudest = self._rows
        return Played(courses[past], energies[past], smeared[past], loudest[past])

    def count_loud(self, at: float, seconds: float) -> int:
        """Return how many windows before a time were loud enough for an echo to be heard.

        Args:
            at: Seconds on the conversation clock, not long after :attr:`end`.
            seconds: How far back, at most :data:`REACH` rows.

        """
        rows = max(1, round(seconds / STEP))
        loud = self.until(at, rows).loudest > self._loudest - _LOUD
        return int(np.count_nonzero(loud)) // 2

    def _start_at(self, at: float) -> None:
        """Begin again after a long silence."""
        self._start = at - REACH * STEP  # when row 0 began
        self._count = REACH
        self._rest = np.empty(0, np.int16)
        self._mean.fill(self._loudest - _RANGE)
        self._silence(0)

    def _silence(self, first: int) -> None:
        """Fill up with silence from a row on."""
        silence = self._loudest - _RANGE
        self._levels[first:] = silence
        for part, value in zip(self._rows, (0.0, 0.0, silence, silence), strict=True):
            part[first:] = value

    def _append(self, samples: Samples) -> None:
        self._rest = np.concatenate([self._rest, samples])
        whole = max(0, len(self._rest) // self._step - 1)
        if not whole:
            return
        windows = np.lib.stride_tricks.sliding_window_view(self._rest, self._meter.size)
        for power in self._meter.power(windows[:: self._step]):
            if self._count == len(self._levels):
                self._make_room()
            self._append_row(power)
        self._rest = self._rest[whole * self._step :]

    def _append_row(self, power: Floats) -> None:
        loudest = 10.0 * float(np.log10(power.max() + _NOTHING))
        self._loudest = max(self._loudest - _FALL * STEP, loudest)
        level = _decibels(power + np.float32(10.0 ** ((self._loudest - _RANGE) / 10.0)))
        change = level - self._mean
        course = _course(change)
        self._mean += _STEP_MEAN * change
        row = self._count
        self._levels[row] = level
        self._rows.courses[row] = course
        self._rows.energies[row] = course @ course
        self._rows.loudest[row] = level.max()
        self._rows.smeared[row] = (self._levels[row + 1 - len(_SMEAR) : row + 1] - _SMEAR).max(
            axis=0
        )
        self._count += 1

    def _make_room(self) -> int:
        """Forget the oldest rows; return how many."""
        gone = self._count - REACH
        for part in (self._levels, *self._rows):
            part[:REACH] = part[gone : self._count]
        self._start += gone * STEP
        self._count = REACH
        self._silence(REACH)
        return gone


class HeardBands:
    """The levels of one speaker's windows.

    Args:
        meter: For sound at :data:`~pipeline.audio.HEARING_RATE`.

    """

    def __init__(self, meter: BandMeter) -> None:
        self._meter = meter
        self._lowest: Floats = np.full((2, BANDS), np.inf, np.float32)  # before, and now
        self._age = 0
        self._loudest = 10.0 ** (_QUIET_LOUDEST / 10.0)  # power
        self._mean: Floats | None = None
        self.noise: Floats = np.zeros(BANDS, np.float32)
        """dB below which sound is noise."""
        self.level: Floats = self.noise
        """dB of the newest window; the noise at least."""
        self.course: Floats = self.noise
        """The newest window against the recent mean."""
        self.quiet = True
        """Whether the newest window holds no more than noise."""

    def receive(self, window: Samples) -> None:
        """Take in the next window."""
        power = self._meter.power(window)
        self._loudest = max(self._loudest * _FALL_OF_WINDOW, float(power.max()))
        noise = self._noise(power)
        self.noise = _decibels(noise)
        self.level = _decibels(power + noise)
        change = self.level - (self.noise if self._mean is None else self._mean)
        self.course = _course(change)
        self._mean = self.level - np.float32(1.0 - _MEAN) * change
        self.quiet = bool((self.level - self.noise).max() < _QUIET)

    def pass_silence(self, windows: int) -> None:
        """Take in that nothing was heard for so many windows."""
        if self._mean is not None:
            kept = np.float32((1.0 - _MEAN) ** windows)
            self._mean = self.noise + kept * (self._mean - self.noise)

    def _noise(self, power: Floats) -> Floats:
        """Return the power of the noise: the lowest of the last 1.5 to 3 s, within bounds."""
        self._age += 1
        if self._age > _NOISE_MEMORY:
            self._age = 1
            self._lowest[0] = self._lowest[1]
            self._lowest[1] = np.inf
        np.minimum(self._lowest[1], power, out=self._lowest[1])
        lowest = np.minimum(self._lowest[0], self._lowest[1]) * _OVER_LOWEST
        bounded: Floats = np.maximum(lowest, np.float32(self._loudest * 10.0 ** (-_RANGE / 10.0)))
        np.minimum(bounded, np.float32(self._loudest * 10.0 ** (-_LEAST_RANGE / 10.0)), out=bounded)
        return bounded


_FALL_OF_WINDOW = 10.0 ** (-_FALL * WINDOW / 10.0)


def _mel(frequency: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency / 700.0))


def _decibels(power: Floats) -> Floats:
    level: Floats = np.float32(10.0) * np.log10(power)
    return level


def _course(change: Floats) -> Floats:
    """Return a change of level, without most of what all bands have in common, and limited."""
    course: Floats = change - _COMMON * np.add.reduce(change)
    energy = float(course @ course)
    if energy > _MOST_ENERGY:
        course *= np.float32((_MOST_ENERGY / energy) ** 0.5)
    return course
