from __future__ import annotations

from pipeline.tts_health import LONGEST_REST, ServerHealth


def test_the_best_server_is_asked_first() -> None:
    assert ServerHealth(3, 10.0).order(0.0) == (0, 1, 2)


def test_a_server_that_failed_comes_last_until_its_rest_is_over() -> None:
    health = ServerHealth(3, 10.0)
    health.fail(0, 100.0)
    assert health.order(109.9) == (1, 2, 0)
    assert health.order(110.0) == (0, 1, 2)


def test_when_all_rest_the_best_is_asked_first() -> None:
    health = ServerHealth(2, 10.0)
    health.fail(0, 0.0)
    health.fail(1, 0.0)
    assert health.order(1.0) == (0, 1)


def test_rests_grow_with_each_trial_that_fails_and_end_with_a_sentence() -> None:
    health = ServerHealth(2, 10.0)
    health.fail(0, 0.0)
    assert health.on_trial(0)
    health.fail(0, 10.0)
    assert health.order(29.9) == (1, 0)
    assert health.order(30.0) == (0, 1)
    health.succeed(0)
    assert not health.on_trial(0)
    health.fail(0, 40.0)
    assert health.order(50.0) == (0, 1)


def test_a_server_that_fails_while_it_rests_was_asked_for_want_of_another() -> None:
    health = ServerHealth(2, 10.0)
    for second in range(5):
        health.fail(0, float(second))
    assert health.order(14.0) == (0, 1)


def test_no_rest_is_longer_than_the_longest() -> None:
    health = ServerHealth(2, 10.0)
    now = 0.0
    for _ in range(2000):
        health.fail(0, now)
        now += LONGEST_REST
    assert health.order(now) == (0, 1)
    health.fail(1, now, retry_after=1e9)
    assert health.order(now + LONGEST_REST) == (0, 1)


def test_a_server_that_asks_for_time_gets_it() -> None:
    health = ServerHealth(2, 10.0)
    health.fail(0, 0.0, retry_after=42.0)
    assert health.order(41.9) == (1, 0)
    assert health.order(42.0) == (0, 1)
