"""Whether what is heard of someone is the bot's own reply, back through their open microphone.

An echo follows what was played: the levels of its bands go up and down as
those of the reply did a moment ago. The delay of each person's echo is found by
correlation and remembered with the gain of each band, so that the next echo is
known from its first window on. What the remembered echo does not explain is a
person who speaks over it.

Sans I/O. Memory is bounded; a window costs about 50 µs while a reply is played
and for a moment afterwards, and nothing at other times.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.audio import HEARING_RATE, Samples
from pipeline.echo_bands import (
    AHEAD,
    BANDS,
    STEP,
    WINDOW,
    BandMeter,
    Floats,
    HeardBands,
    Played,
    PlayedBands,
)

LONGEST_DELAY = 1.2
"""Seconds from playing to hearing, at most."""

CORRELATED = 0.58
"""Correlation from which a sound is echo, at whatever delay. Unrelated speech reaches it, at the
best of all delays, in 0.3 % of its windows."""

LONG_CORRELATED = 0.4
"""Likewise over the longer memory."""

KNOWN_CORRELATED = 0.2
"""Correlation from which a sound is echo at a delay that is known well."""

UNEXPLAINED = 4.0
"""dB, the mean of all bands, by which a person who speaks exceeds the echo, however the sum
correlates."""

UNEXPLAINED_WEIGHT = 0.09
"""By how much more a sound must correlate for each dB that the echo does not explain."""

LONGEST_SILENCE = 2.0
"""Seconds of a microphone's silence that tell of it, at most: as much of a reply is remembered."""

DOUBT = 0.1
"""By how much more a sound must correlate when the microphone was silent during a reply."""

_DELAYS: Final = round(LONGEST_DELAY / STEP) + 1  # compared, in steps from 0
_MEMORY: Final = np.array([0.92, 0.98], np.float32)  # kept of a window: 0.4 s and 1.6 s
# What is added to the energies (squared dB): few windows that happen to fit prove little.
_LEAST_HEARD: Final = np.array([300.0, 15_000.0], np.float32)
_LEAST_PLAYED: Final = np.float32(1000.0)
_LEAST_WINDOW: Final = np.float32(100.0)

_FOREVER = 1000  # windows
_JITTER = 3  # steps by which a known delay comes and goes
_FOLLOW = 0.1  # of such a move
_WELL_KNOWN = 10.0  # windows that agree about a delay
_MOST_TRUST = 40.0  # windows: a second and a half of another delay, and it has changed
_LOST = 0.05  # windows of trust, for each sound that does not fit
_DOUBTED = 15  # windows of quiet
_MOST_DOUBTED = 24  # windows in which nothing was sent: a client's own gate says more than quiet
_LOUD: Final = np.float32(30.0)  # dB below the loudest, of which an echo may be heard
_MOSTLY = 0.8  # of the time in which an echo may have begun

_FITS = 0.5  # likeness of a window from which it speaks for a delay by itself
_LEARN = 0.6  # correlation from which a window is certainly echo and nothing else
_LEARNT = 4  # windows that tell the gain
_FIRST_MOVE: Final = np.float32(30.0)  # dB by which a window may move the gain
_MOVE: Final = np.float32(6.0)  # likewise, once it is learnt
_SLOWEST = 0.04  # share of a new window in the gain
_USUAL_SHARE = 0.015  # likewise in the usual error, slow: people who speak shall not teach it
_SMOOTH = 0.5  # share of a new window in what is not explained
_OVER_NOISE: Final = np.float32(4.0)  # dB
_NOTHING: Final = np.float32(0.0)
_MOST_UNEXPLAINED: Final = np.float32(20.0)  # dB of one band: it shall not speak for all
_USUAL_UNEXPLAINED = 1.5  # dB of an echo in an ordinary room


class _Correlation:
    """How well a speaker's sound follows the reply at each delay."""

    def __init__(self) -> None:
        # By what (products of both, energy of the reply), memory and delay.
        self._sums: Floats = np.zeros((2, 2, _DELAYS), np.float32)
        self._heard: Floats = np.zeros(2, np.float32)
        self.short: Floats = self._sums[0, 0]
        """Over the shorter memory, by delay in steps."""
        self.long: Floats = self._sums[0, 1]
        """Over the longer memory."""
        # Of the last window alone: products, energy of the reply (by delay), and its own.
        self._newest: tuple[Floats, Floats, np.float32] = (self.short, self.short, np.float32(0.0))

    def receive(self, course: Floats, played: Played) -> None:
        """Take in the course of a window, and what was played until it began."""
        self._sums *= _MEMORY[:, None]
        self._heard *= _MEMORY
        products = (played.courses @ course)[::-1]
        energies = played.energies[::-1]
        energy = np.float32(course @ course)
        self._sums[0] += products
        self._sums[1] += energies
        self._heard += energy
        self._newest = products, energies, energy
        scale = (self._heard + _LEAST_HEARD)[:, None] * (self._sums[1] + _LEAST_PLAYED)
        self.short, self.long = self._sums[0] / np.sqrt(scale)

    def pass_silence(self, windows: int) -> None:
        """Let time pass in which nothing was heard."""
        kept = _MEMORY**windows
        self._sums *= kept[:, None]
        self._heard *= kept

    def fits(self, delay: int) -> bool:
        """Whether the last window, by itself, speaks for a delay.

        A strong onset that fitted by chance is remembered long; it must not
        count again with every window that follows.
        """
        products, energies, energy = self._newest
        around = slice(max(0, delay - 1), delay + 2)
        scale = (energy + _LEAST_WINDOW) * (energies[around] + _LEAST_WINDOW)
        return bool((products[around] / np.sqrt(scale)).max() > _FITS)

    def at(self, delay: float) -> float:
        """Return the best at about a delay, over the shorter memory."""
        centre = round(delay)
        return float(self.short[max(0, centre - _JITTER) : centre + _JITTER + 1].max())


class _Delay:
    """When a speaker's echo comes, as far as it is known."""

    def __init__(self) -> None:
        self.steps: float | None = None
        self.trust = 0.0
        """Windows that agreed about it."""
        self._doubt = 0

    def find(self, correlation: _Correlation) -> int | None:
        """Return the delay at which the newest sound certainly is echo, in steps."""
        doubt = DOUBT * self._doubt / _DOUBTED
        best = int(correlation.short.argmax())
        if correlation.short[best] > CORRELATED + doubt:
            return best
        best = int(correlation.long.argmax())
        return best if correlation.long[best] > LONG_CORRELATED + doubt else None

    def agree(self, found: int, *, fits: bool) -> bool:
        """Take in a delay that was found.

        Args:
            found: Its steps.
            fits: The newest window by itself speaks for it.

        Returns:
            Whether it is another than was known.

        """
        if self.steps is not None and abs(found - self.steps) <= _JITTER:
            if not fits:
                return False
            self.steps += _FOLLOW * (found - self.steps)
            self.trust = min(_MOST_TRUST, self.trust + 1.0)
            if self.trust > _WELL_KNOWN:
                self._doubt = 0
            return False
        self.trust -= 1.0
        if self.steps is None or self.trust <= 0.0:
            self.steps, self.trust = float(found), 1.0
        return True

    def lose(self) -> None:
        """Take in a sound that does not fit."""
        self.trust = max(0.0, self.trust - _LOST)
        if self.trust == 0.0:
            self.steps = None

    def doubt(self, played: Played) -> None:
        """Take in silence, which during a reply says that this microphone hears no loudspeaker."""
        loud = played.loudest > played.loudest.max() - _LOUD
        if np.count_nonzero(loud) > _MOSTLY * len(loud):
            self._doubt = max(self._doubt, min(self._doubt + 1, _DOUBTED))

    def pass_silence(self, loud: int) -> None:
        """Take in that nothing at all came from the microphone while so many windows were loud."""
        self._doubt = min(self._doubt + loud, _MOST_DOUBTED)

    def enough(self) -> float:
        """Return the correlation from which a sound at this delay is echo."""
        known = min(1.0, self.trust / _WELL_KNOWN)
        return CORRELATED + known * (KNOWN_CORRELATED - CORRELATED)


class _Gain:
    """How loud a speaker's echo is in each band, and what it so does not explain."""

    def __init__(self) -> None:
        self._gain: Floats = np.zeros(BANDS, np.float32)
        self._windows = 0  # it was learnt from
        self._unexplained = 0.0
        self._usual = _USUAL_UNEXPLAINED

    def doubt(self) -> None:
        """Learn fast again: the delay is another than was thought."""
        self._windows = min(self._windows, _LEARNT)

    def receive(self, bands: HeardBands, smeared: Floats, *, certain: bool) -> None:
        """Take in a window and the echo of gain 0 dB that is expected in it.

        Args:
            bands: Hold the window.
            smeared: dB of the echo.
            certain: The window is echo and nothing else.

        """
        echo = smeared + self._gain
        unexplained = 0.0
        if self._windows >= _LEARNT:
            above = bands.level - np.maximum(echo, bands.noise)
            above = np.minimum(np.maximum(above, _NOTHING), _MOST_UNEXPLAINED)
            unexplained = float(np.add.reduce(above)) / BANDS
        self._unexplained += _SMOOTH * (unexplained - self._unexplained)
        if certain:
            audible = (bands.level > bands.noise + _OVER_NOISE) | (echo > bands.noise)
            self._learn(bands.level - echo, audible, unexplained)

    def unexplained(self) -> float:
        """Return by how much the newest sound exceeds the echo and its usual errors, in dB."""
        # A loudspeaker that distorts and a room that rings are never explained in full.
        return max(0.0, self._unexplained - max(0.0, self._usual - _USUAL_UNEXPLAINED))

    def _learn(self, error: Floats, audible: npt.NDArray[np.bool_], unexplained: float) -> None:
        settled = self._windows >= _LEARNT
        if settled:
            self._usual += _USUAL_SHARE * (unexplained - self._usual)
        most = _MOVE if settled else _FIRST_MOVE
        move = np.minimum(np.maximum(error, -most), most)
        move *= np.float32(max(_SLOWEST, 1.0 / (self._windows + 1)))
        self._gain += np.where(audible, move, _NOTHING)
        self._windows += 1


class _EchoPath:
    """The way from the bot's voice to one speaker's microphone, as far as it is known.

    Args:
        meter: Shared by all speakers.

    """

    def __init__(self, meter: BandMeter) -> None:
        self._bands = HeardBands(meter)
        self._correlation = _Correlation()
        self._delay = _Delay()
        self._gain = _Gain()
        self._next: float | None = None  # when the next window begins, if none is left out

    def receive(self, window: Samples, at: float, played: PlayedBands) -> bool:
        """Take in the next window; return whether it is echo."""
        missing = _FOREVER if self._next is None else round((at - self._next) / WINDOW)
        if missing > 0:
            self._bands.pass_silence(missing)
            self._correlation.pass_silence(missing)
            self._delay.pass_silence(played.count_loud(at, min(missing * WINDOW, LONGEST_SILENCE)))
        self._next = at + WINDOW
        self._bands.receive(window)
        past = played.until(at, _DELAYS)
        self._correlation.receive(self._bands.course, past)
        if self._bands.quiet:
            self._delay.doubt(past)
        return self._judge(past)

    def _judge(self, past: Played) -> bool:
        delay, gain = self._delay, self._gain
        near = 0.0
        if delay.steps is not None:
            near = self._correlation.at(delay.steps)
            row = -1 - max(0, round(delay.steps) - AHEAD)
            gain.receive(self._bands, past.smeared[row], certain=near > _LEARN)
        found = delay.find(self._correlation)
        if found is not None:
            elsewhere = delay.agree(found, fits=self._correlation.fits(found))
            if delay.trust <= 1.0:
                gain.doubt()
            if elsewhere or delay.trust < _LEARNT:
                return True
        elif near < KNOWN_CORRELATED and not self._bands.quiet:
            delay.lose()
        unexplained = gain.unexplained()
        enough = delay.enough() + UNEXPLAINED_WEIGHT * unexplained
        return unexplained < UNEXPLAINED and near > enough


class EchoGuard:
    """Tells the bot's own voice, as it comes back, from people: one for each conversation.

    Several people may have open microphones, each with a delay and a room of
    their own. The first echo is known after some 0.1 s, later ones at once, and
    so is a person who speaks over an echo weaker than they are.
    """

    def __init__(self) -> None:
        self._meter = BandMeter(HEARING_RATE)
        self._played = PlayedBands()
        self._paths: dict[str, _EchoPath] = {}

    def receive_played(self, samples: Samples, at: float) -> None:
        """Take in what was really played, as loud as it was.

        Args:
            samples: Mono PCM at :data:`~pipeline.audio.SPEECH_RATE`.
            at: When the first was played, in seconds on the conversation clock.
                Pieces come in order, and before their echo is heard; what lies
                between them is silence.

        """
        self._played.receive(samples, at)

    def receive_heard(self, speaker: str, samples: Samples, at: float) -> bool:
        """Take in a window of someone's sound, and judge it.

        Args:
            speaker: Whose microphone.
            samples: :data:`~pipeline.audio.VAD_WINDOW` samples at
                :data:`~pipeline.audio.HEARING_RATE`.
            at: When the first was heard, in seconds on the conversation clock.
                Windows come in order; one that is left out is silence.

        Returns:
            Whether it is echo and nobody speaks over it. Of silence it may say
            either.

        """
        if at - self._played.end > LONGEST_DELAY:
            return False
        path = self._paths.get(speaker)
        if path is None:
            path = self._paths[speaker] = _EchoPath(self._meter)
        return path.receive(samples, at, self._played)

    def forget(self, speaker: str) -> None:
        """Forget someone who left; harmless for who was never heard."""
        self._paths.pop(speaker, None)
