"""Reference features for Smart Turn, from the published implementation.

Makes ``data/smart_turn_features.npz``. Run it where pipecat-ai 1.14.0 (the
authors' own package) is installed, from the repository root::

    python -m tests.pipeline.smart_turn_reference

Every fifth spectrum is kept: enough to notice any difference, and small.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FILE = Path(__file__).parent / "data" / "smart_turn_features.npz"
KEPT = 5
LAST = 128_000


def signals() -> Mapping[str, npt.NDArray[np.int16]]:
    """Return made-up turns of several lengths; whole numbers only, so alike on every machine."""
    return {
        "silence": np.zeros(16_000, np.int16),
        "short": _siren(8_000),
        "turn": _siren(48_000) + _noise(48_000),
        "offset": _noise(20_123) + np.int16(900),
        "nearly_full": _siren(127_801),
        "long": _siren(150_000) // 2 + _noise(150_000),
    }


def published(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """Compute the features with pipecat's implementation, prepared as its analyser does."""
    from pipecat.audio.turn.smart_turn import _whisper_features as reference  # noqa: PLC0415 - absent in most places

    waveform = samples[-LAST:].astype(np.float32) / 32768.0
    padded = np.pad(waveform, (LAST - len(waveform), 0))
    features: Any = reference.compute_whisper_log_mel_features(padded, do_normalize=True)
    return np.asarray(features, np.float32)


def _siren(length: int) -> npt.NDArray[np.int16]:
    index = np.arange(length, dtype=np.int64) % 40_000
    loudness = 1 + (index // 4_000) % 4
    return ((index * index // 900 % 4_001 - 2_000) * loudness).astype(np.int16)


def _noise(length: int) -> npt.NDArray[np.int16]:
    index = np.arange(1, length + 1, dtype=np.uint64)
    mixed = (index * np.uint64(2_654_435_761)) ^ ((index * np.uint64(40_503)) >> np.uint64(7))
    return ((mixed >> np.uint64(9)) % np.uint64(1_001)).astype(np.int16) - np.int16(500)


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    kept = {name: published(samples)[:, ::KEPT] for name, samples in signals().items()}
    np.savez_compressed(FILE, **kept)
