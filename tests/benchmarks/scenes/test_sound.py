from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scenes import sound

RATE = 16_000


def tone(hertz: float, *, seconds: float = 1.0, peak: float = 8000.0) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def power(samples: np.ndarray) -> float:
    return float(10 * np.log10((samples.astype(float) ** 2).mean() + 1e-9))


@pytest.mark.parametrize(("hertz", "passes"), [(100, False), (1000, True), (5000, False)])
def test_a_telephone_carries_speech_and_little_else(hertz: float, *, passes: bool):
    lost = power(tone(hertz)) - power(sound.telephone(tone(hertz)))
    assert (lost < 1.0) == passes
    assert (lost > 20.0) != passes


def test_a_telephone_changes_no_time():
    samples = np.concatenate([sound.silence(0.5), tone(800, seconds=0.5), sound.silence(0.5)])
    heard = sound.telephone(samples)
    assert len(heard) == len(samples)
    assert sound.loud_part(heard) == pytest.approx((0.5, 1.0), abs=0.02)


@pytest.mark.parametrize("snr", [20.0, 5.0])
def test_noise_is_as_loud_as_wanted(snr: float):
    speech = tone(500)
    noise = np.random.default_rng(1).normal(0, 300, RATE).astype(np.int16)
    mixed = sound.with_noise(speech, noise, snr=snr, level=sound.speech_level(speech))
    added = mixed.astype(int) - speech
    assert power(speech) - power(added) == pytest.approx(snr, abs=0.3)


def test_joints_do_not_click():
    joined = sound.join(tone(500), tone(500, peak=4000.0))
    assert np.abs(np.diff(joined.astype(int))).max() < 1700
    assert len(joined) == 2 * RATE


def test_the_longest_silence_is_found():
    samples = np.concatenate(
        [tone(500), sound.silence(0.3), tone(500), sound.silence(0.6), tone(500)]
    )
    assert sound.longest_silence(samples, (0.0, 3.9)) == pytest.approx(0.6, abs=0.02)
    assert sound.longest_silence(tone(500), (0.0, 1.0)) == pytest.approx(0.0, abs=0.02)
