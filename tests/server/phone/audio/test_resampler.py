"""Resampling of streams: any cutting gives the same, little is kept, nothing clicks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.phone.audio.resampler import LATENCY, PhoneResampler, to_hearing, to_phone

RATES = [(8_000, 16_000), (24_000, 8_000)]


def voice(rate: int, seconds: float) -> np.ndarray:
    at = np.arange(round(rate * seconds)) / rate
    tones = 6000 * np.sin(2 * np.pi * 440 * at) + 3000 * np.sin(2 * np.pi * 2900 * at)
    return (tones + np.random.default_rng(1).normal(0, 300, len(at))).astype(np.int16)


def resampled(sound: np.ndarray, rates: tuple[int, int], cuts: list[int]) -> np.ndarray:
    resampler = PhoneResampler(*rates)
    parts = [resampler.push(part) for part in np.split(sound, cuts)]
    return np.concatenate([*parts, resampler.end()])


@settings(max_examples=40, deadline=None)
@given(data=st.data(), rates=st.sampled_from(RATES))
def test_any_cutting_gives_the_same_samples(data, rates):
    sound = voice(rates[0], 0.25)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sound)), max_size=60)))
    assert np.array_equal(resampled(sound, rates, cuts), resampled(sound, rates, []))


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("size", [1, 7, 160, 480, 997])
def test_no_more_than_the_latency_is_kept(rates, size):
    source, target = rates
    sound = voice(source, 1.0)
    resampler = PhoneResampler(source, target)
    given_out = 0
    for start in range(0, len(sound), size):
        part = sound[start : start + size]
        given_out += len(resampler.push(part))
        kept = (start + len(part)) / source - given_out / target
        rounding = 1 / source + 1 / target
        assert 0 <= kept <= LATENCY * (1 if start > 0.05 * source else 2) + rounding


@pytest.mark.parametrize("rates", RATES)
def test_the_length_is_kept(rates):
    source, target = rates
    assert len(resampled(voice(source, 1.0), rates, [])) == target


@pytest.mark.parametrize("rates", RATES)
def test_a_tone_comes_through_in_its_place(rates):
    source, target = rates

    def tone(rate: int) -> np.ndarray:
        return 9000 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)

    out = resampled(tone(source).astype(np.int16), rates, [])
    wrong = out[200:-200] - tone(target)[200:-200]
    assert 20 * np.log10(9000 / np.abs(wrong).max()) > 60


def test_what_a_telephone_cannot_carry_is_taken_away():
    at = np.arange(24_000) / 24_000
    hiss = (12_000 * np.sin(2 * np.pi * 5_000 * at)).astype(np.int16)
    assert np.abs(resampled(hiss, (24_000, 8_000), [])[200:-200]).max() <= 1


@pytest.mark.parametrize("make", [to_hearing, to_phone])
def test_after_its_end_a_stream_begins_anew(make):
    resampler = make()
    sound = voice(8_000, 0.1)
    first = np.concatenate([resampler.push(sound), resampler.end()])
    again = np.concatenate([resampler.push(sound), resampler.end()])
    assert np.array_equal(first, again)
    assert len(resampler.end()) == 0


@pytest.mark.slow
def test_an_hour_long_stream_keeps_its_time():
    resampler = to_hearing()
    second = voice(8_000, 1.0)
    lengths = [len(resampler.push(second)) for _ in range(3600)]
    assert set(lengths[1:]) == {16_000}
    assert sum(lengths) + len(resampler.end()) == 3600 * 16_000


@pytest.mark.parametrize("hertz", range(4600, 12_000, 400))
def test_what_lies_above_the_telephone_s_band_leaves_nothing_in_it(hertz):
    """Above 4.6 kHz, which would fold to below 3.4 kHz, nothing is left: less than -80 dB."""
    at = np.arange(24_000) / 24_000
    hiss = (12_000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)
    out = resampled(hiss, (24_000, 8_000), [])[1000:-1000].astype(float)
    assert np.sqrt(np.mean(out**2)) <= 12_000 / np.sqrt(2) * 10 ** (-80 / 20)
