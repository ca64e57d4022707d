"""What is put in the place of lost sound."""

from __future__ import annotations

import numpy as np
import pytest

from server.phone.audio.concealment import REMEMBERED, bridge


def voice(samples: int, start: int = 0) -> np.ndarray:
    at = np.arange(start, start + samples) / 8000
    return (8000 * np.sin(2 * np.pi * 200 * at)).astype(np.int16)


@pytest.mark.parametrize("missing", [1, 80, 160, 200, 320, 480, 1600])
def test_nothing_clicks_at_either_end(missing):
    before, after = voice(160), voice(160, 160 + missing)
    sound = np.concatenate([before, bridge(before, after, missing), after]).astype(np.int32)
    assert len(sound) == 320 + missing
    steepest = np.abs(np.diff(voice(8000).astype(np.int32))).max()
    inside = np.abs(np.diff(sound))
    assert inside[159] <= steepest * 1.1
    assert inside[159 + missing] <= steepest * 1.1


def test_a_single_lost_frame_stays_voiced():
    before, after = voice(160), voice(160, 320)
    energy = np.sqrt((bridge(before, after, 160).astype(float) ** 2).mean())
    assert energy > 0.3 * np.sqrt((before.astype(float) ** 2).mean())


def test_a_longer_gap_is_silent_in_its_middle():
    filled = bridge(voice(160), voice(160), 800)
    assert not filled[REMEMBERED : 800 - REMEMBERED].any()
    assert filled[:80].any()
    assert filled[-80:].any()


def test_nothing_known_and_nothing_missing():
    assert not bridge(np.empty(0, np.int16), np.empty(0, np.int16), 160).any()
    assert len(bridge(voice(160), voice(160), 0)) == 0


def test_the_loudest_does_not_wrap_around():
    loud = np.full(160, 32767, np.int16)
    assert bridge(loud, loud, 160).min() >= 0
