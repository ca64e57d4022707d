"""How loud speech is to people: K-weighted, gated loudness after ITU-R BS.1770-4. Sans I/O.

The standard weights sound with two filters and measures its power. Here the power of each
100 ms is taken from its spectrum, weighted with what the two filters let through: the same figure
(within 0.1 LU of FFmpeg's on speech), without a filter that computes sample after sample.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.audio import SPEECH_RATE, Samples, to_float

Powers = npt.NDArray[np.float64]

STEP = SPEECH_RATE // 10
"""Samples between one measurement and the next: 100 ms, a quarter of a block."""

STEPS_IN_BLOCK = 4
"""A block is 400 ms, and blocks overlap by three quarters (BS.1770-4, annex 1)."""

ABSOLUTE_GATE = -70.0
"""LUFS below which a block is silence."""

RELATIVE_GATE = -10.0
"""LU below the loudness of all that is not silence, from which a block does not count."""

_OFFSET = -0.691  # dB; makes a full-scale 997 Hz sine in one channel -3.01 LUFS


def to_lufs(power: float) -> float:
    """Return the loudness of a K-weighted mean square."""
    return _OFFSET + 10.0 * math.log10(power) if power > 0.0 else -math.inf


def to_power(lufs: float) -> float:
    """Return the K-weighted mean square of a loudness."""
    return float(10.0 ** ((lufs - _OFFSET) / 10.0))


def weighted_power(samples: Samples) -> float:
    """Return the K-weighted mean square of some sound, 1.0 being full scale."""
    count = len(samples)
    if not count:
        return 0.0
    spectrum = np.abs(np.fft.rfft(to_float(samples).astype(np.float64))) ** 2
    weights = _STEP_WEIGHTS if count == STEP else _weights(count)
    return float(spectrum @ weights) / count**2


def gated_loudness(steps: Sequence[float], gate: float = ABSOLUTE_GATE) -> float:
    """Return the integrated loudness of sound in LUFS, minus infinity when it is silent.

    Args:
        steps: :func:`weighted_power` of each :data:`STEP` samples, in order. Of less than a block
            all are taken together.
        gate: LUFS below which a block is silence.

    """
    powers = np.asarray(steps, np.float64)
    if not len(powers):
        return -math.inf
    length = min(STEPS_IN_BLOCK, len(powers))
    blocks = np.convolve(powers, np.full(length, 1.0 / length), "valid")
    blocks = blocks[blocks > to_power(gate)]
    if not len(blocks):
        return -math.inf
    blocks = blocks[blocks > blocks.mean() * 10.0 ** (RELATIVE_GATE / 10.0)]
    return to_lufs(float(blocks.mean()))


def integrated_loudness(samples: Samples) -> float:
    """Return the integrated loudness of some speech in LUFS; what is left of a step is not heard.

    Args:
        samples: Mono PCM at :data:`~pipeline.audio.SPEECH_RATE`.

    """
    ends = range(STEP, len(samples) + 1, STEP)
    return gated_loudness([weighted_power(samples[end - STEP : end]) for end in ends])


def _weights(count: int) -> Powers:
    """Return what the filters make of the power at each frequency of a spectrum."""
    frequencies = np.fft.rfftfreq(count, 1.0 / SPEECH_RATE)
    z = np.exp(-2j * np.pi * frequencies / SPEECH_RATE)
    response = np.ones(len(z), np.complex128)
    for (b0, b1, b2), (a1, a2) in (_SHELF, _HIGH_PASS):
        response *= (b0 + b1 * z + b2 * z**2) / (1.0 + a1 * z + a2 * z**2)
    weights: Powers = np.abs(response) ** 2
    # Every frequency but the first and, of an even count, the last stands for two.
    weights[1 : len(weights) - (count % 2 == 0)] *= 2.0
    return weights


_Biquad = tuple[tuple[float, float, float], tuple[float, float]]


def _shelf(rate: int) -> _Biquad:
    """Return the filter that stands for the head, which the standard gives for 48 kHz alone.

    Corner, gain and quality are those of the analogue filter behind the standard's figures, as
    EBU R128 meters for other rates have them.
    """
    corner, gain, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * corner / rate)
    high = 10.0 ** (gain / 20.0)
    band = high**0.4996667741545416
    a0 = 1.0 + k / quality + k * k
    ahead = (
        (high + band * k / quality + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / quality + k * k) / a0,
    )
    return ahead, (2.0 * (k * k - 1.0) / a0, (1.0 - k / quality + k * k) / a0)


def _high_pass(rate: int) -> _Biquad:
    """Return the filter that takes out what is too low to be loud (RLB), likewise."""
    corner, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * corner / rate)
    a0 = 1.0 + k / quality + k * k
    return (1.0, -2.0, 1.0), (2.0 * (k * k - 1.0) / a0, (1.0 - k / quality + k * k) / a0)


_SHELF = _shelf(SPEECH_RATE)
_HIGH_PASS = _high_pass(SPEECH_RATE)
_STEP_WEIGHTS = _weights(STEP)
