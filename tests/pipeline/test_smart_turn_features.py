from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from pipeline.smart_turn_features import log_mel
from tests.pipeline.smart_turn_reference import FILE, KEPT, published, signals

TOLERANCE = 1e-4


@pytest.mark.parametrize("name", list(signals()))
def test_features_equal_the_published_ones(name: str) -> None:
    with np.load(FILE) as reference:
        expected = reference[name]
    assert np.abs(log_mel(signals()[name])[:, ::KEPT] - expected).max() < TOLERANCE


@pytest.mark.skipif(
    importlib.util.find_spec("pipecat") is None,
    reason="pipecat, the published implementation, is not installed",
)
@pytest.mark.parametrize("length", [0, 1, 199, 200, 201, 400, 16_000, 127_800, 128_000, 128_001])
def test_features_equal_the_published_ones_at_every_edge_of_the_window(length: int) -> None:
    samples = signals()["long"][:length]
    assert np.abs(log_mel(samples) - published(samples)).max() < TOLERANCE


@pytest.mark.parametrize("length", [0, 1, 160, 200, 201, 1_000, 127_799, 127_800, 127_801])
def test_a_short_turn_is_the_same_as_one_with_silence_before_it(length: int) -> None:
    turn = signals()["long"][:length]
    padded = np.concatenate([np.zeros(128_000 - length, np.int16), turn])
    assert np.abs(log_mel(turn) - log_mel(padded)).max() < 1e-6


def test_only_the_last_eight_seconds_count() -> None:
    turn = signals()["long"]
    assert np.array_equal(log_mel(turn), log_mel(turn[-128_000:]))


def test_the_model_gets_eighty_bands_of_eight_hundred_spectra() -> None:
    features = log_mel(signals()["turn"])
    assert features.shape == (80, 800)
    assert features.dtype == np.float32


def test_the_turn_itself_is_not_changed() -> None:
    turn = signals()["turn"]
    log_mel(turn)
    assert np.array_equal(turn, signals()["turn"])
