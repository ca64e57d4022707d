"""Sound to say when nobody needs to understand it, and how much of it arrived."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.peers.discord.opus import RATE

Mono = npt.NDArray[np.int16]


def speech_like(seconds: float, seed: int = 0, rate: int = RATE) -> Mono:
    """Return a voice without words: a gliding pitch with overtones, in syllables."""
    chance = np.random.default_rng(seed)
    time = np.arange(round(rate * seconds)) / rate
    pitch = 110 + 20 * (seed % 5) + 40 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    overtones = range(1, 20)
    voice = sum(np.sin(one * phase + chance.uniform(0, 6)) / one for one in overtones)
    syllables = 0.5 + 0.5 * np.clip(np.sin(2 * np.pi * 2.3 * time + seed), -0.6, 1)
    voice = voice * syllables
    pcm: Mono = (voice / np.abs(voice).max() * 16_000).astype(np.int16)
    return pcm


def correlation(sent: Mono, heard: Mono) -> float:
    """Return how alike two sounds are at the shift where they are most alike; 1 is the same.

    Both have the same sample rate. What was not heard of what was sent counts as silence.
    """
    size = 1 << (len(sent) + len(heard)).bit_length()
    left, right = sent.astype(np.float64), heard.astype(np.float64)
    norm = np.linalg.norm(left) * np.linalg.norm(right)
    if norm == 0:
        return 0.0
    both = np.fft.irfft(np.fft.rfft(left, size).conj() * np.fft.rfft(right, size), size)
    return float(both.max() / norm)
