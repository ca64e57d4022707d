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


def test_the_newest_turn_counts_three_tenths():
    assert after(False) == pytest.approx(0.85 + 0.75 * 0.14)
    assert after(True) == pytest.approx(0.85 + 0.75 * 0.44)
    assert after(True, False) == pytest.approx(0.85 + 0.75 * 0.308)


def test_who_often_pauses_is_given_time_to_think():
    habit = Habit()
    assert habit.thought == 0.0
    habit.receive_turn(paused=True)
    assert habit.thought == pytest.approx(1.2 * 0.04)
    for _ in range(100):
        habit.receive_turn(paused=True)
    assert habit.thought == pytest.approx(0.72)


def test_a_turn_that_was_not_over_is_taken_back():
    habit = Habit()
    habit.receive_turn(paused=True)
    before = habit.patience
    habit.receive_turn(paused=False)
    habit.take_back()
    assert habit.patience == before


def test_patience_has_bounds():
    assert after(*[False] * 200) == pytest.approx(0.85)
    assert after(*[True] * 200) == pytest.approx(1.6)
