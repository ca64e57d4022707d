"""Two voices beside each other in time."""

from __future__ import annotations

import random

import numpy as np
import pytest

from server.phone.audio.stereo import SPAN, Side, StereoTimeline


def frame(value: int, samples: int = 160) -> np.ndarray:
    return np.full(samples, value, np.int16)


def taken(timeline: StereoTimeline, until: float) -> np.ndarray:
    return np.concatenate([np.empty((0, 2), np.int16), *timeline.take(until)])


def test_each_side_is_on_its_channel_and_the_rest_is_silent():
    timeline = StereoTimeline(10.0)
    timeline.put(Side.CALLER, 10.1, frame(5))
    timeline.put(Side.BOT, 10.5, frame(7))
    sound = taken(timeline, 11.0)
    assert sound.shape == (8000, 2)
    assert np.flatnonzero(sound[:, 0]).tolist() == list(range(800, 960))
    assert np.flatnonzero(sound[:, 1]).tolist() == list(range(4000, 4160))


def test_sounds_that_follow_each_other_are_joined():
    timeline = StereoTimeline(0.0)
    rng = random.Random(1)  # noqa: S311 - jitter
    for index in range(50):
        timeline.put(Side.CALLER, index * 0.02 + rng.uniform(0, 0.01), frame(1))
    sound = taken(timeline, 1.2)[:, 0]
    sounding = np.flatnonzero(sound)
    assert sounding[-1] - sounding[0] + 1 == len(sounding)


def test_what_is_given_out_is_final():
    timeline = StereoTimeline(0.0)
    assert len(taken(timeline, 1.0)) == 8000
    timeline.put(Side.CALLER, 0.99, frame(1))
    assert timeline.late == 80
    assert np.flatnonzero(taken(timeline, 2.0)[:, 0]).tolist() == list(range(80))
    timeline.put(Side.BOT, 0.0, frame(1))
    timeline.put(Side.BOT, 100.0, frame(1))
    assert timeline.late == 80 + 320


def test_a_long_silence_comes_in_pieces():
    timeline = StereoTimeline(0.0)
    pieces = list(timeline.take(10.0))
    assert max(map(len, pieces)) <= SPAN * 8000
    assert sum(map(len, pieces)) == 80_000
    assert timeline.ready(10.0) == pytest.approx(0.0)
    assert list(timeline.take(5.0)) == []


def test_a_sound_that_jumps_back_takes_the_place_of_what_was_there():
    timeline = StereoTimeline(0.0)
    timeline.put(Side.CALLER, 0.5, frame(1, 800))
    timeline.put(Side.CALLER, 0.5, frame(2))
    sound = taken(timeline, 1.0)[:, 0]
    assert (sound[4000:4160] == 2).all()
    assert (sound[4160:4800] == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.9998, 1.0, 1.0003])
def test_after_an_hour_both_sides_are_within_20_ms(rate):
    """Once a second both sides click; the caller's clock does not run like ours."""
    timeline = StereoTimeline(0.0)
    rng = random.Random(4)  # noqa: S311 - jitter
    clicks: list[list[float]] = [[], []]
    done = 0
    for index in range(180_000):
        at = index * 0.02
        sound = frame(1000 if index % 50 == 0 else 1)
        timeline.put(Side.BOT, at + rng.uniform(-0.003, 0.003), sound)
        timeline.put(Side.CALLER, index * 0.02 / rate, sound)
        for piece in timeline.take(at - 1.5) if index % 50 == 0 else ():
            for side in Side:
                loud = np.flatnonzero(np.diff((piece[:, side] > 500).astype(int)) == 1) + 1
                clicks[side] += [(done + where) / 8000 for where in loud.tolist()]
            done += len(piece)
    bot = [round(at) for at in clicks[Side.BOT]]
    assert len(bot) > 3500
    assert max(abs(at - round(at)) for at in clicks[Side.BOT]) < 0.02
    assert max(abs(at * rate - round(at * rate)) for at in clicks[Side.CALLER]) < 0.02
    assert timeline.late < 160
