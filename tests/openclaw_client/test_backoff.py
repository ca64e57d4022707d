"""Delays double up to a limit, and chance only shortens them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_client.backoff import RECONNECT, WAIT_FOR_PEOPLE, Backoff


def test_delays_double_up_to_the_longest():
    backoff = Backoff(first=1.0, longest=10.0)
    assert [backoff.delay(n, 0.0) for n in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def test_chance_takes_away_at_most_its_part():
    assert Backoff(first=4.0, longest=10.0, jitter=0.25).delay(1, 1.0) == 3.0


@pytest.mark.parametrize("backoff", [RECONNECT, WAIT_FOR_PEOPLE])
@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_every_delay_lies_within_bounds(backoff: Backoff, attempt: int, chance: float):
    delay = backoff.delay(attempt, chance)
    assert backoff.first * (1 - backoff.jitter) <= delay <= backoff.longest
