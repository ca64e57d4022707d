"""Fades begin and end in silence, and touch nothing else."""

from __future__ import annotations

import numpy as np

from pipeline.fades import FADE_SAMPLES, fade_in, fade_out, ramp, rise

LOUD = np.full(1000, 20000, np.int16)


def test_five_milliseconds_rise_from_silence():
    assert FADE_SAMPLES == 120
    faded = fade_in(LOUD)
    assert faded[0] < 10
    assert np.all(np.diff(faded[:120].astype(int)) >= 0)
    assert np.array_equal(faded[120:], LOUD[120:])


def test_five_milliseconds_fall_to_silence():
    assert np.array_equal(fade_out(LOUD), fade_in(LOUD)[::-1])


def test_no_step_of_a_fade_is_a_click():
    assert np.abs(np.diff(fade_in(LOUD).astype(int))).max() < 20000 * 0.015


def test_sound_shorter_than_a_fade_rises_as_a_whole():
    assert fade_in(LOUD[:10])[-1] > 19000
    assert len(fade_in(LOUD[:0])) == 0
    assert len(rise(0)) == 0


def test_what_is_cut_off_dies_away():
    tail = ramp(LOUD[:120], 1.0, 0.0)
    assert len(tail) == 120
    assert tail[0] > 19900
    assert tail[-1] < 10
    assert len(ramp(LOUD[:3], 1.0, 0.0)) == 3
    assert len(ramp(LOUD[:0], 1.0, 0.0)) == 0


def test_loudness_changes_on_the_way_from_one_factor_to_another():
    ducked = ramp(LOUD, 1.0, 0.2).astype(int)
    assert ducked[0] > 19900
    assert np.all(ducked[120:] == 4000)
    assert np.all(np.diff(ducked[:121]) <= 0)
    assert np.all(ramp(LOUD, 0.2, 0.2) == 4000)
    assert ramp(LOUD, 1.0, 1.0) is LOUD


def test_the_original_is_left_as_it_is():
    fade_in(LOUD)
    assert np.all(LOUD == 20000)
