"""The log-mel spectrogram that Smart Turn was trained on, in numpy.

The same numbers, within 1e-4, as transformers' ``WhisperFeatureExtractor`` with
``chunk_length=8, do_normalize=True``, whose steps this follows: the waveform at
zero mean and unit variance, a short-time Fourier transform of 25 ms every
10 ms, 80 Slaney mel bands, a logarithm with 80 dB of range.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.audio import HEARING_RATE, Samples

SECONDS = 8
"""How much of the end of a turn the model hears."""

BANDS = 80
"""Mel bands, 0 to 8 kHz."""

FRAMES = 100 * SECONDS
"""Spectra, one every 10 ms."""

_SAMPLES = SECONDS * HEARING_RATE
_HOP = 160
_FFT = 400
_EDGE = _FFT // 2  # spectra are centred: the first reaches this far before the audio
_CACHED = 100  # spectra computed at once: as many as the processor's cache holds
_FLOOR = 1e-10  # of band energy, before the logarithm

_Floats = npt.NDArray[np.floating[Any]]


def log_mel(samples: Samples) -> npt.NDArray[np.float32]:
    """Return what the model hears of a turn.

    Args:
        samples: The turn at 16 kHz, any length; its last 8 s count. A shorter
            one is preceded by silence.

    Returns:
        Shape ``(80, 800)``.

    """
    silent = _silent_frames(len(samples))
    # The spectra that lie in the silence before the turn are all alike: one is enough.
    skipped = max(0, silent - 1)
    signal = np.pad(_normalised(samples), _EDGE, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(signal, _FFT)[::_HOP][skipped:FRAMES]
    energy = np.empty((BANDS, len(windows)))
    for first in range(0, len(windows), _CACHED):
        part = slice(first, first + _CACHED)
        spectra = np.fft.rfft(windows[part] * _HANN)
        energy[:, part] = _MEL @ (spectra.real**2 + spectra.imag**2).T
    log_energy = np.log10(np.maximum(energy, _FLOOR))
    log_energy = np.maximum(log_energy, log_energy.max() - 8.0)
    features = np.empty((BANDS, FRAMES), np.float32)
    features[:, skipped:] = (log_energy + 4.0) / 4.0
    features[:, :skipped] = features[:, skipped : skipped + 1]
    return features


def _silent_frames(length: int) -> int:
    """Count the spectra at the beginning that touch nothing but the silence put before."""
    silence = _SAMPLES - length
    return 0 if silence < _EDGE else (silence - _EDGE) // _HOP + 1


def _normalised(samples: Samples) -> _Floats:
    """Scale the 8 s, silence before the turn included, to zero mean and unit variance."""
    turn = samples[-_SAMPLES:] / 32768.0
    mean = turn.sum() / _SAMPLES
    variance = turn @ turn / _SAMPLES - mean**2
    scale = 1.0 / np.sqrt(variance + 1e-7)
    normalised = np.full(_SAMPLES, -mean * scale)
    normalised[_SAMPLES - len(turn) :] = (turn - mean) * scale
    return normalised


def _mel_filters() -> _Floats:
    """Return Slaney's triangular filters of equal area, shape ``(80, 201)``."""
    corners = _hertz(np.linspace(0.0, _mel(HEARING_RATE / 2), BANDS + 2))
    bins = np.linspace(0.0, HEARING_RATE / 2, _FFT // 2 + 1)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins - low) / (middle - low)
    falling = (high - bins) / (high - middle)
    return np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (high - low)


# Slaney's scale: 3 mel per 200 Hz up to 1 kHz, from there 27 mel per factor of 6.4.
_KNEE_HERTZ, _KNEE_MEL, _LINEAR = 1000.0, 15.0, 200.0 / 3.0
_LOG_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    """Return mel of a frequency above the knee."""
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HERTZ) / _LOG_STEP)


def _hertz(mel: _Floats) -> _Floats:
    above = _KNEE_HERTZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR, above)


_HANN = np.hanning(_FFT + 1)[:-1]  # periodic
_MEL = _mel_filters()
