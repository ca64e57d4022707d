"""Frames of one speaker become windows and a past that can be cut."""

import numpy as np
import pytest

from pipeline.audio import AudioFrame
from pipeline.hearing import History, Windows

RATE = 16_000


def frame(at: float, samples: np.ndarray) -> AudioFrame:
    return AudioFrame("ann", samples.astype(np.int16), at)


def ramp(first: int, count: int) -> np.ndarray:
    return (np.arange(first, first + count) % 30_000).astype(np.int16)


def test_frames_of_20_ms_become_windows_of_512_samples():
    windows = Windows()
    found = []
    for index in range(8):
        found += windows.push(frame(1.0 + index * 0.02, ramp(index * 320, 320)))
    assert [round(at, 3) for at, _ in found] == [1.0, 1.032, 1.064, 1.096, 1.128]
    assert np.array_equal(np.concatenate([w for _, w in found]), ramp(0, 2560))


def test_a_gap_fills_the_started_window_with_silence():
    windows = Windows()
    assert windows.push(frame(1.0, ramp(1, 320))) == []
    [(at, window)] = windows.push(frame(3.0, ramp(1, 320)))
    assert at == 1.0
    assert np.array_equal(window[:320], ramp(1, 320))
    assert not window[320:].any()
    [(at, _)] = windows.push(frame(3.02, ramp(321, 320)))
    assert at == pytest.approx(3.0)


def test_jitter_is_no_gap():
    windows = Windows()
    windows.push(frame(1.0, ramp(0, 320)))
    [(at, window)] = windows.push(frame(1.03, ramp(320, 320)))
    assert at == 1.0
    assert np.array_equal(window, ramp(0, 512))


def test_a_long_frame_is_many_windows():
    windows = Windows()
    assert len(windows.push(frame(0.0, ramp(0, RATE)))) == RATE // 512


def test_history_gives_back_what_was_heard():
    history = History(2.0)
    for index in range(50):
        history.push(frame(10.0 + index * 0.02, ramp(index * 320, 320)))
    assert np.array_equal(history.cut(10.1, 10.4), ramp(1600, 4800))


def test_history_is_silent_before_after_and_in_gaps():
    history = History(5.0)
    history.push(frame(1.0, np.full(1600, 7)))
    history.push(frame(2.0, np.full(1600, 8)))
    cut = history.cut(0.9, 2.2)
    assert len(cut) == round(1.3 * RATE)
    assert not cut[:1600].any()
    assert (cut[1600:3200] == 7).all()
    assert not cut[3200:17600].any()
    assert (cut[17600:19200] == 8).all()
    assert not cut[19200:].any()


def test_history_forgets_what_is_too_long_ago():
    history = History(1.0)
    history.push(frame(0.0, np.full(RATE, 5)))
    history.push(frame(1.0, np.full(RATE // 2, 6)))
    cut = history.cut(0.0, 1.5)
    assert not cut[: RATE // 2].any()
    assert (cut[RATE // 2 : RATE] == 5).all()
    assert (cut[RATE:] == 6).all()


def test_history_takes_a_frame_longer_than_itself():
    history = History(1.0)
    history.push(frame(0.0, ramp(0, 3 * RATE)))
    assert np.array_equal(history.cut(2.5, 3.0), ramp(0, 3 * RATE)[-RATE // 2 :])


def test_history_wraps_around():
    history = History(1.0)
    for index in range(500):
        history.push(frame(index * 0.02, ramp(index * 320, 320)))
    assert np.array_equal(history.cut(9.2, 9.9), ramp(0, 160_000)[147_200:158_400])


def test_small_errors_of_time_cut_no_clicks():
    history = History(2.0)
    for index in range(50):
        jitter = 0.004 if index % 2 else -0.004
        history.push(frame(1.0 + index * 0.02 + jitter, np.full(320, 9)))
    assert (history.cut(1.0, 1.9) == 9).all()


def test_after_a_very_long_gap_the_past_is_silent():
    history = History(1.0)
    history.push(frame(0.0, np.full(RATE, 5)))
    history.push(frame(7200.0, np.full(320, 6)))
    cut = history.cut(7199.2, 7200.02)
    assert not cut[:-320].any()
    assert (cut[-320:] == 6).all()
