"""Short sounds that say something without words, and a soft one for while the agent thinks.

All are made here, of a few decaying partials as of a small wooden bar, between 390 and 3200 Hz, so
that a telephone carries them. Each is told by the way its pitch moves, as well as by its notes:

===============  ==================  ==========================
joined           up, three notes     the bot is there
heard            up, two quick ones  a turn was taken: it is being worked on
not understood   twice the same      somebody spoke, and no words were made out
error            down                something failed
===============  ==================  ==========================

They lie about 10 dB below speech, the thinking sound about 20.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline.audio import SPEECH_RATE, Samples, to_pcm
from pipeline.fades import fade_in, fade_out

Floats = npt.NDArray[np.float64]

LEVEL = 10.0 ** (-18.0 / 20.0)
"""Highest sample of an earcon, full scale being 1.0."""

THINKING_LEVEL = 10.0 ** (-34.0 / 20.0)
"""Likewise of the thinking sound."""

THINKING_SECONDS = 2.4
"""Length of the thinking sound before it begins again."""

_PARTIALS = ((1.0, 1.0), (2.0, 0.35), (4.0, 0.12))  # of a note: multiple, and how strong
_ATTACK = 0.006  # seconds until a note is there
_PULSES = ((0.0, 392.0), (0.5, 523.25))  # of the thinking sound: where in it, and the pitch
_PULSE_SECONDS = 0.9


class Earcon(enum.Enum):
    """What a short sound says."""

    JOINED = "joined"
    """The bot has come, and hears."""

    HEARD = "heard"
    """Somebody's turn was taken, and its answer will come."""

    NOT_UNDERSTOOD = "not understood"
    """Somebody spoke, and their words were not made out."""

    ERROR = "error"
    """Something failed that nobody can be told in words."""


@dataclass(frozen=True, slots=True)
class _Note:
    at: float
    """Seconds from the beginning of the earcon."""

    hertz: float
    seconds: float


_NOTES: dict[Earcon, tuple[_Note, ...]] = {
    Earcon.JOINED: (_Note(0.0, 523.25, 0.2), _Note(0.11, 659.26, 0.2), _Note(0.22, 783.99, 0.3)),
    Earcon.HEARD: (_Note(0.0, 587.33, 0.1), _Note(0.07, 783.99, 0.13)),
    Earcon.NOT_UNDERSTOOD: (_Note(0.0, 466.16, 0.13), _Note(0.17, 466.16, 0.16)),
    Earcon.ERROR: (_Note(0.0, 554.37, 0.2), _Note(0.17, 392.0, 0.32)),
}


@lru_cache(maxsize=len(Earcon))
def earcon(which: Earcon) -> Samples:
    """Return an earcon as mono PCM at :data:`~pipeline.audio.SPEECH_RATE`; not to be changed."""
    notes = _NOTES[which]
    sound = np.zeros(_samples(max(note.at + note.seconds for note in notes)))
    for note in notes:
        first, struck = _samples(note.at), _strike(note)
        sound[first : first + len(struck)] += struck
    return _shared(fade_out(fade_in(_scaled(sound, LEVEL))))


@lru_cache(maxsize=1)
def thinking() -> Samples:
    """Return the thinking sound, to be played again and again; not to be changed.

    Two soft swells and a pause. It is silent where it begins and ends, so nothing is heard of that.
    """
    sound = np.zeros(_samples(THINKING_SECONDS))
    times = _times(_PULSE_SECONDS)
    swell = np.sin(np.pi * times / _PULSE_SECONDS) ** 2
    for where, hertz in _PULSES:
        first = _samples(where * THINKING_SECONDS)
        sound[first : first + len(times)] += swell * np.sin(2.0 * np.pi * hertz * times)
    return _shared(_scaled(sound, THINKING_LEVEL))


def _strike(note: _Note) -> Floats:
    times = _times(note.seconds)
    attack = np.minimum(1.0, times / _ATTACK)
    sound = np.zeros(len(times))
    for multiple, strength in _PARTIALS:
        # The higher, the sooner it has died away.
        decay = np.exp(-4.0 * multiple**0.5 * times / note.seconds)
        sound += strength * decay * np.sin(2.0 * np.pi * multiple * note.hertz * times)
    release = np.minimum(1.0, (note.seconds - times) / _ATTACK)
    struck: Floats = sound * attack * release
    return struck


def _samples(seconds: float) -> int:
    return round(seconds * SPEECH_RATE)


def _times(seconds: float) -> Floats:
    return np.arange(_samples(seconds)) / SPEECH_RATE


def _scaled(sound: Floats, level: float) -> Samples:
    return to_pcm(sound * (level / np.abs(sound).max()))


def _shared(sound: Samples) -> Samples:
    sound.flags.writeable = False  # many rooms hear this one
    return sound
