"""How people pause, learnt while they talk."""

from __future__ import annotations

import pytest

from pipeline.habits import Habit


def after(*turns: bool) -> float:
    habit = Habit()
    for paused in turns:
        habit.receive_turn(paused=paused)
    return habit.patience


def test_who_is_not_known_is_given_the_usual_time():
    assert after() == pytest.approx(1.0)


def test_the_newest_turn_counts_a_fifth():
    assert after(False) == pytest.approx(0.85 + 0.75 * 0.16)
    assert after(True) == pytest.approx(0.85 + 0.75 * 0.36)
    assert after(True, False) == pytest.approx(0.85 + 0.75 * 0.288)


def test_patience_has_bounds():
    assert after(*[False] * 200) == pytest.approx(0.85)
    assert after(*[True] * 200) == pytest.approx(1.6)
