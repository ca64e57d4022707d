"""Sound of scenes: decoded, cut, measured, mixed, spoiled and written."""

from __future__ import annotations

import random
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.audio import HEARING_RATE, Resampler, Samples, decode_file

Span = tuple[float, float]
"""From when to when, in seconds."""

TELEPHONE_RATE = 8000
TELEPHONE_BAND = (250.0, 3400.0)
"""Hertz between which a telephone line carries all; below it fades by 24 dB an octave."""

_MU = 255.0
_FADE = 0.005  # seconds, at joints
_STEP = HEARING_RATE // 100


def decode(path: Path) -> Samples:
    """Return a whole file at 16 kHz."""
    return np.concatenate(list(decode_file(path)))


def write_wav(path: Path, samples: Samples) -> None:
    """Write 16 kHz mono PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HEARING_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def seconds(samples: Samples) -> float:
    """Return how long a sound is."""
    return len(samples) / HEARING_RATE


def place(at: float) -> int:
    """Return the sample number of a time."""
    return round(at * HEARING_RATE)


def silence(length: float) -> Samples:
    """Return so many seconds of it."""
    return np.zeros(place(length), np.int16)


def cut(samples: Samples, span: Span) -> Samples:
    """Return a part."""
    return samples[place(max(0.0, span[0])) : place(span[1])]


def levels(samples: Samples) -> npt.NDArray[np.float64]:
    """Return the level of every 10 ms, in dB."""
    frames = samples[: len(samples) // _STEP * _STEP].reshape(-1, _STEP).astype(np.float64)
    level: npt.NDArray[np.float64] = 10.0 * np.log10((frames**2).mean(axis=1) + 1e-9)
    return level


def loud_part(samples: Samples, *, below: float = 30.0) -> Span:
    """Return from when to when the level is within ``below`` dB of the loudest 10 ms."""
    level = levels(samples)
    loud = np.flatnonzero(level > level.max() - below)
    return float(loud[0] / 100), float((loud[-1] + 1) / 100)


def longest_silence(samples: Samples, span: Span, *, below: float = 30.0) -> float:
    """Return the longest pause between two times, in seconds, told by the level."""
    level = levels(cut(samples, span))
    loud = np.flatnonzero(level > level.max() - below)
    return float(np.diff(loud, prepend=loud[0]).max(initial=1) - 1) / 100


def quietest_near(samples: Samples, at: float, *, within: float) -> float:
    """Return the middle of the quietest 10 ms around a time: where a cut is not heard."""
    level = levels(samples)
    first = max(0, round((at - within) * 100))
    around = level[first : round((at + within) * 100) + 1]
    return (first + int(np.argmin(around))) / 100 + 0.005


def at_level(samples: Samples, decibels: float) -> Samples:
    """Return a sound made louder, or quieter; what is too loud is clipped."""
    return _pcm(samples * 10.0 ** (decibels / 20.0))


def room_tone(samples: Samples, length: float, speech: Span, chance: random.Random) -> Samples:
    """Return the recording's own background, as long as wanted.

    Args:
        samples: The recording.
        length: Seconds.
        speech: Where in it somebody speaks.
        chance: Where each piece is taken from.

    """
    before, after = cut(samples, (0.0, speech[0] - 0.1)), samples[place(speech[1] + 0.25) :]
    tone = max(before, after, key=len)
    if len(tone) < place(0.1):
        return silence(length)
    parts: list[Samples] = []
    while sum(map(len, parts)) < place(length):
        part = np.roll(tone, chance.randrange(len(tone)))
        parts.append(part if len(parts) % 2 else part[::-1])
    return np.concatenate(parts)[: place(length)]


def join(*parts: Samples) -> Samples:
    """Return sounds one after another, each faded in and out so that no joint clicks."""
    fade = place(_FADE)
    ramp = np.linspace(0.0, 1.0, fade)
    faded: list[Samples] = []
    for part in parts:
        if len(part) > 2 * fade:
            soft = part.astype(np.float64)
            soft[:fade] *= ramp
            soft[-fade:] *= ramp[::-1]
            faded.append(_pcm(soft))
        else:
            faded.append(part)
    return np.concatenate(faded)


def speech_level(samples: Samples) -> float:
    """Return the level of the loud parts, in dB."""
    level = levels(samples)
    loud = level[level > level.max() - 25.0]
    return float(10.0 * np.log10((10.0 ** (loud / 10.0)).mean()))


def with_noise(speech: Samples, noise: Samples, *, snr: float, level: float) -> Samples:
    """Return speech with a noise all along.

    Args:
        speech: With its silences.
        noise: Repeated as often as needed.
        snr: Level of the speech against the noise, in dB.
        level: Of the speech, in dB.

    """
    power = 10.0 * np.log10((noise.astype(np.float64) ** 2).mean() + 1e-9)
    gain = 10.0 ** ((level - snr - power) / 20.0)
    return _pcm(speech + np.resize(noise, len(speech)) * gain)


def telephone(samples: Samples) -> Samples:
    """Return a sound as it comes out of a telephone line: band-limited, 8 kHz, mu-law."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    frequency = np.fft.rfftfreq(len(samples), 1.0 / HEARING_RATE)
    low, high = TELEPHONE_BAND
    spectrum /= np.sqrt(1.0 + (low / np.maximum(frequency, 1.0)) ** 8)
    spectrum[frequency > high] = 0.0
    narrow = _resample(_pcm(np.fft.irfft(spectrum, len(samples))), HEARING_RATE, TELEPHONE_RATE)
    value = narrow / 32768.0
    code = np.rint(np.sign(value) * np.log1p(_MU * np.abs(value)) / np.log1p(_MU) * 127.0) / 127.0
    value = np.sign(code) * np.expm1(np.abs(code) * np.log1p(_MU)) / _MU
    wide = _resample(_pcm(value * 32768.0), TELEPHONE_RATE, HEARING_RATE)
    return np.pad(wide, (0, max(0, len(samples) - len(wide))))[: len(samples)]


def _resample(samples: Samples, source: int, target: int) -> Samples:
    resampler = Resampler(source, target)
    return np.concatenate([resampler.push(samples), resampler.flush()])


def _pcm(sound: npt.NDArray[np.float64]) -> Samples:
    pcm: Samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return pcm
