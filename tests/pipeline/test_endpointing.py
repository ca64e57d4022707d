from __future__ import annotations

import pytest

from pipeline.config import TurnsConfig
from pipeline.endpointing import wait_for


def test_a_finished_turn_waits_the_shortest_time() -> None:
    assert wait_for(1.0, TurnsConfig(shortest_wait=0.2)) == 0.2


@pytest.mark.parametrize(
    ("probability", "wait"),
    [(0.9, 0.2014), (0.5, 0.375), (0.19, 0.944), (0.0, 1.6)],
)
def test_the_less_finished_it_sounds_the_longer_the_wait(probability: float, wait: float) -> None:
    assert wait_for(probability, TurnsConfig()) == pytest.approx(wait, abs=1e-4)


def test_the_wait_never_exceeds_the_longest_pause() -> None:
    assert wait_for(0.0, TurnsConfig(max_pause=1.0)) == 1.0


def test_the_wait_never_exceeds_a_longest_pause_below_the_shortest_wait() -> None:
    assert wait_for(1.0, TurnsConfig(shortest_wait=0.5, max_pause=0.3)) == 0.3


def test_an_eager_bot_waits_less_than_a_patient_one() -> None:
    waits = [
        wait_for(0.5, TurnsConfig(eagerness=eagerness)) for eagerness in ("high", "medium", "low")
    ]
    assert waits == pytest.approx([0.3125, 0.375, 0.55], abs=1e-4)


def test_who_thinks_in_pauses_is_given_time_however_finished_it_sounds() -> None:
    assert wait_for(1.0, TurnsConfig(), thought=0.3) == pytest.approx(0.5)
    assert wait_for(0.0, TurnsConfig(), thought=0.3) == pytest.approx(1.9)
    assert wait_for(0.0, TurnsConfig(), thought=0.5) == 2.0
