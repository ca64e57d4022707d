"""When the caller was heard, whatever the network does to the messages."""

from __future__ import annotations

import random

import pytest

from server.phone.audio.caller_time import CallerTime

FRAME = 0.02


def times(delays, *, rate: float = 1.0, began: float = 100.0) -> list[float]:
    """Return by how much each frame is placed off the moment in which it was spoken."""
    place, off, latest = CallerTime(), [], 0.0
    for index, delay in enumerate(delays):
        spoken = began + index * FRAME / rate
        latest = max(latest, spoken + FRAME / rate + delay)
        off.append(place.place(index * FRAME, FRAME, latest) - spoken)
    return off


def test_in_a_quiet_network_every_frame_is_where_it_was_spoken():
    assert times([0.0] * 500) == pytest.approx([0.0] * 500, abs=1e-9)


def test_jitter_does_not_move_the_voice():
    rng = random.Random(1)  # noqa: S311 - jitter
    off = times([rng.uniform(0, 0.1) for _ in range(3000)])
    assert all(0 <= one < 0.03 for one in off[300:])
    assert max(off) <= 0.1


def test_a_stall_and_what_comes_all_at_once_after_it_move_nothing():
    delays = [0.0] * 300 + [3.0] + [0.0] * 300  # order is kept: what is behind waits too
    assert times(delays) == pytest.approx([0.0] * 601, abs=1e-6)


def test_frames_that_begin_late_are_put_right():
    off = times([0.5 - 0.02 * index if index < 25 else 0.0 for index in range(200)])
    assert max(off[25:]) <= 0.1
    assert max(off) <= 0.5


def test_a_stream_whose_timestamps_stood_still_is_followed():
    off = times([0.0] * 300 + [1.5] * 300)
    assert off[-1] == pytest.approx(1.5, abs=0.001)


@pytest.mark.parametrize("rate", [0.9998, 1.0002])
def test_over_an_hour_the_far_clock_is_followed(rate):
    rng = random.Random(2)  # noqa: S311 - jitter
    off = times((rng.uniform(0, 0.03) for _ in range(180_000)), rate=rate)
    assert max(map(abs, off)) < 0.02 + 0.01
    assert max(map(abs, off[100:])) < 0.01


def test_a_senseless_timestamp_does_not_break_it():
    place = CallerTime()
    assert place.place(0.0, FRAME, 10.02) == pytest.approx(10.0)
    assert place.place(1e13, FRAME, 10.04) < 11.0
    assert place.place(0.04, FRAME, 10.06) < 11.0
    for index in range(3, 300):
        at = place.place(index * FRAME, FRAME, 10.0 + (index + 1) * FRAME)
    assert at == pytest.approx(10.0 + 299 * FRAME, abs=0.001)
