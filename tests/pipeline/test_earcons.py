"""Earcons are short, modest, told apart by ear, and click nowhere."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.earcons import Earcon, earcon, thinking
from pipeline.loudness import TARGET
from pipeline.loudness_meter import STEP, to_lufs, weighted_power

ALL = pytest.mark.parametrize("which", Earcon)
SEMITONE = 2 ** (1 / 12)


def pitch(sound: Samples) -> float:
    """Return the strongest frequency in Hz."""
    windowed = sound * np.hanning(len(sound))
    spectrum = np.abs(np.fft.rfft(windowed, 2 * SPEECH_RATE))
    return float(spectrum.argmax()) / 2.0


def first_and_last(sound: Samples) -> tuple[float, float]:
    part = round(0.07 * SPEECH_RATE)
    return pitch(sound[:part]), pitch(sound[-round(0.12 * SPEECH_RATE) :])


def loudest(sound: Samples) -> float:
    """Return the loudness of the loudest 100 ms in LUFS."""
    firsts = range(0, len(sound) - STEP, STEP // 10)
    return to_lufs(max(weighted_power(sound[first : first + STEP]) for first in firsts))


@ALL
def test_it_begins_and_ends_in_silence_and_never_clips(which: Earcon):
    sound = earcon(which)
    assert sound.dtype == np.int16
    for end in (sound, sound[::-1]):
        assert np.abs(end[:3]).max() < 10
        assert np.abs(end[:120].astype(int)).max() < np.abs(sound.astype(int)).max()
    assert np.abs(sound.astype(int)).max() < 32767 / 4


@ALL
def test_it_is_quieter_than_speech_and_can_be_heard(which: Earcon):
    assert TARGET - 14.0 < loudest(earcon(which)) < TARGET - 6.0


@ALL
def test_a_telephone_carries_it(which: Earcon):
    spectrum = np.abs(np.fft.rfft(earcon(which).astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(earcon(which)), 1 / SPEECH_RATE)
    heard = spectrum[(hertz > 300) & (hertz < 3400)].sum() / spectrum.sum()
    assert heard > 0.98


def test_they_differ_in_the_way_their_pitch_moves():
    joined = first_and_last(earcon(Earcon.JOINED))
    heard = first_and_last(earcon(Earcon.HEARD))
    lost = first_and_last(earcon(Earcon.NOT_UNDERSTOOD))
    error = first_and_last(earcon(Earcon.ERROR))
    assert joined[1] > joined[0] * SEMITONE**4
    assert heard[1] > heard[0] * SEMITONE**3
    assert lost[1] == pytest.approx(lost[0], rel=0.02)
    assert error[1] < error[0] / SEMITONE**4
    beginnings = sorted(pair[0] for pair in (joined, heard, lost, error))
    for lower, higher in itertools.pairwise(beginnings):
        assert higher > lower * 1.04


def test_they_are_short_above_all_the_one_heard_most():
    seconds = {which: len(earcon(which)) / SPEECH_RATE for which in Earcon}
    assert seconds[Earcon.HEARD] <= 0.2
    assert seconds[Earcon.JOINED] > 2 * seconds[Earcon.HEARD]
    assert max(seconds.values()) <= 0.55


def test_the_thinking_sound_goes_round_without_a_seam():
    sound = thinking().astype(int)
    twice = np.concatenate([sound, sound])
    bends = np.abs(np.diff(twice, 2))
    around = slice(len(sound) - 120, len(sound) + 120)
    assert bends[around].max() <= 2  # silence, and rounding
    assert np.abs(twice[around]).max() <= 2


def test_the_thinking_sound_is_soft_and_swells():
    assert TARGET - 24.0 < loudest(thinking()) < TARGET - 16.0
    assert np.abs(np.diff(thinking().astype(int))).max() < 120


def test_nobody_can_spoil_a_sound_for_others():
    with pytest.raises(ValueError, match="read-only"):
        earcon(Earcon.JOINED)[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        thinking()[0] = 1
