"""Audio of scenes: decoded, cut, measured, synthesized and written."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from benchmarks.offline_voice import OfflineVoice
from pipeline.audio import HEARING_RATE, Samples, decode_file

Span = tuple[float, float]
"""From when to when, in seconds."""


def decode(path: Path) -> Samples:
    """Return a whole file at 16 kHz."""
    return np.concatenate(list(decode_file(path)))


def loud_part(samples: Samples, *, below: float = 30.0) -> Span:
    """Return from when to when the level is within ``below`` dB of the loudest 10 ms."""
    step = HEARING_RATE // 100
    frames = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64)
    level = 10.0 * np.log10((frames**2).mean(axis=1) + 1e-9)
    loud = np.flatnonzero(level > level.max() - below)
    return float(loud[0] / 100), float((loud[-1] + 1) / 100)


def cut(samples: Samples, span: Span) -> Samples:
    """Return a part, in seconds."""
    return samples[round(span[0] * HEARING_RATE) : round(span[1] * HEARING_RATE)]


def write_wav(path: Path, samples: Samples) -> None:
    """Write 16 kHz mono PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HEARING_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


async def synthesize(text: str, *, pace: float) -> Samples:
    """Speak a word with the offline voice (1 is its usual pace), at 16 kHz."""
    espeak = OfflineVoice()
    try:
        return await espeak.say(text, voice="en-us", pace=pace, rate=HEARING_RATE)
    finally:
        espeak.close()
