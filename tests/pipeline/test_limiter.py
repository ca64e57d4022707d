"""Peaks are turned down before they come, and nothing else is changed."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.limiter import BLOCK, CEILING, Limiter


def limited(sound: np.ndarray, chunk: int) -> np.ndarray:
    limiter = Limiter()
    parts = [limiter.push(sound[first : first + chunk]) for first in range(0, len(sound), chunk)]
    return np.concatenate([*parts, limiter.flush()])


@pytest.fixture
def speechlike() -> np.ndarray:
    rng = np.random.default_rng(3)
    loudness = np.repeat(rng.uniform(0.05, 1.2, 40), 600)
    return (rng.normal(size=24000) * loudness).astype(np.float32)


@pytest.mark.parametrize("chunk", [1, 50, BLOCK, 480, 24000])
def test_nothing_exceeds_the_ceiling_however_it_is_cut(speechlike: np.ndarray, chunk: int):
    speechlike = speechlike[: 24000 if chunk > 1 else 2400]
    out = limited(speechlike, chunk)
    assert len(out) == len(speechlike)
    assert np.abs(out).max() <= CEILING + 1e-6
    assert out == pytest.approx(limited(speechlike, len(speechlike)), abs=1e-6)


def test_what_is_quiet_enough_passes_unchanged(speechlike: np.ndarray):
    quiet = speechlike * (0.8 / np.abs(speechlike).max())
    assert np.array_equal(limited(quiet.astype(np.float32), 333), quiet.astype(np.float32))


def test_the_gain_moves_without_a_step():
    sound = np.full(12000, 0.5, np.float32)
    sound[6000:6100] = 2.0
    out = limited(sound, 480)
    gain = out / sound
    assert gain.min() == pytest.approx(CEILING / 2.0, abs=0.01)
    assert np.abs(np.diff(gain)).max() < 1.0 / BLOCK
    assert np.all(gain[:5700] == 1.0)
    assert gain[-1] == 1.0


def test_at_most_two_blocks_are_held_back():
    limiter = Limiter()
    for count in (100, 480, 1, 119, 121, 1000):
        out = limiter.push(np.zeros(count, np.float32))
        assert count - len(out) <= 2 * BLOCK


def test_it_can_be_used_again_after_the_end():
    limiter = Limiter()
    limiter.push(np.full(1000, 3.0, np.float32))
    assert len(limiter.flush()) > 0
    assert len(limiter.flush()) == 0
    limiter.push(np.full(10, 0.5, np.float32))
    assert np.all(limiter.flush() == 0.5)
