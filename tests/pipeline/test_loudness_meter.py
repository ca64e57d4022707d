"""Loudness is what FFmpeg's EBU R128 meter measures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples, to_pcm
from pipeline.loudness_meter import (
    STEP,
    gated_loudness,
    integrated_loudness,
    to_lufs,
    to_power,
    weighted_power,
)
from tests.pipeline.ffmpeg_loudness import ffmpeg_loudness

SECOND = np.arange(SPEECH_RATE) / SPEECH_RATE


def tone(hertz: float, *, level: float = 0.1, seconds: float = 3.0) -> Samples:
    times = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
    return to_pcm(level * np.sin(2 * np.pi * hertz * times))


def test_the_standards_own_figure():
    # BS.1770-4: a sine of 997 Hz at full scale in one channel is -3.01 LUFS.
    assert integrated_loudness(tone(997.0, level=0.9999)) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("hertz", [40.0, 100.0, 300.0, 1000.0, 3000.0, 8000.0])
def test_every_pitch_weighs_what_it_does_for_ffmpeg(hertz: float, tmp_path: Path):
    sound = tone(hertz)
    assert integrated_loudness(sound) == pytest.approx(ffmpeg_loudness(sound, tmp_path), abs=0.15)


def test_pauses_and_whispers_do_not_count(tmp_path: Path):
    noise = np.random.default_rng(1).normal(size=2 * SPEECH_RATE)
    pause = np.zeros(3 * SPEECH_RATE)
    sound = to_pcm(np.concatenate([0.1 * noise, pause, 0.002 * noise, pause, 0.07 * noise]))
    assert integrated_loudness(sound) == pytest.approx(ffmpeg_loudness(sound, tmp_path), abs=0.1)


def test_silence_has_no_loudness():
    assert integrated_loudness(np.zeros(SPEECH_RATE, np.int16)) == -math.inf
    assert integrated_loudness(np.zeros(10, np.int16)) == -math.inf
    assert weighted_power(np.zeros(0, np.int16)) == 0.0
    assert to_lufs(0.0) == -math.inf


def test_a_gate_of_ones_own_leaves_out_what_is_below_it():
    loud, soft = to_power(-20.0), to_power(-29.0)
    both = [loud] * 8 + [soft] * 8
    assert gated_loudness(both, gate=-28.0) > gated_loudness(both)
    assert gated_loudness([soft] * 8, gate=-28.0) == -math.inf


def test_less_than_a_block_is_taken_as_it_is():
    assert gated_loudness([to_power(-23.0)]) == pytest.approx(-23.0)
    assert integrated_loudness(tone(1000.0, seconds=0.1)) == pytest.approx(
        integrated_loudness(tone(1000.0)), abs=0.01
    )


def test_any_number_of_samples_can_be_weighed():
    sound = tone(1000.0)
    for count in (STEP, STEP - 1, 1441, 100):
        assert to_lufs(weighted_power(sound[:count])) == pytest.approx(-23.0, abs=0.3)
