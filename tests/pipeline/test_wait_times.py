"""What is still to be waited for follows from the agent's own figures."""

from __future__ import annotations

import pytest

from pipeline.wait_times import AGENTS, ENOUGH, REMEMBERED, Rest, WaitTimes


def known(*waits: float) -> WaitTimes:
    times = WaitTimes()
    for wait in waits:
        times.learn("jarvis", wait)
    return times


def test_nothing_is_expected_before_enough_is_known():
    assert known(*[1.0] * (ENOUGH - 1)).expect("jarvis", 0.0) is None
    assert known(*[1.0] * ENOUGH).expect("jarvis", 0.0) == Rest(1.0, 1.0)
    assert known(*[1.0] * ENOUGH).expect("sage", 0.0) is None


def test_what_has_passed_is_taken_off():
    times = known(*[4.0] * 8)
    rest = times.expect("jarvis", 1.5)
    assert rest == Rest(2.5, 2.5)


def test_who_answers_at_once_or_very_late_is_late_once_not_at_once():
    times = known(*[0.5] * 15, *[6.0] * 5)
    assert times.expect("jarvis", 0.0) == Rest(0.5, 0.5)
    assert times.expect("jarvis", 0.6) == Rest(pytest.approx(5.4), pytest.approx(5.4))


def test_the_quartile_is_the_careful_guess():
    rest = known(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0).expect("jarvis", 0.0)
    assert rest == Rest(5.0, 3.0)


def test_a_wait_longer_than_all_others_cannot_be_judged():
    times = known(*[1.0] * 20, 9.0, 9.0)
    assert times.expect("jarvis", 1.0) is None
    assert times.expect("jarvis", 10.0) is None


def test_an_agent_that_became_quick_is_expected_to_be_quick():
    times = known(*[8.0] * REMEMBERED, *[0.4] * REMEMBERED)
    assert times.expect("jarvis", 0.0) == Rest(0.4, 0.4)


def test_memory_is_bounded():
    times = known(*[1.0] * 1000)
    for number in range(3 * AGENTS):
        times.learn(f"agent {number}", 1.0)
    assert len(times._agents) == AGENTS
    assert times.expect("jarvis", 0.0) is None
