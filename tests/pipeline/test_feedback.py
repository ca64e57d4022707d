"""Corrections move a guild's decisions, step by step and within bounds."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pipeline.feedback import BOUND, STEP, bounded, corrected

leanings = st.floats(-BOUND, BOUND)


@given(leanings, st.booleans())
def test_what_was_right_changes_nothing(leaning: float, answered: bool) -> None:
    assert corrected(leaning, answered=answered, right=True) == leaning


@given(leanings)
def test_each_correction_goes_its_way_and_never_back(leaning: float) -> None:
    quieter = corrected(leaning, answered=True, right=False)
    readier = corrected(leaning, answered=False, right=False)
    assert -BOUND <= quieter <= leaning <= readier <= BOUND
    assert quieter < leaning or leaning == -BOUND
    assert readier > leaning or leaning == BOUND


@given(st.lists(st.booleans(), max_size=50))
def test_however_often_it_stays_within_bounds(answers: list[bool]) -> None:
    leaning = 0.0
    for answered in answers:
        leaning = corrected(leaning, answered=answered, right=False)
    assert -BOUND <= leaning <= BOUND


def test_a_correction_is_one_step() -> None:
    assert corrected(0.0, answered=True, right=False) == -STEP
    assert corrected(0.0, answered=False, right=False) == STEP
    assert corrected(BOUND - 0.1, answered=False, right=False) == BOUND


@pytest.mark.parametrize(("kept", "leaning"), [(9.0, BOUND), (-9.0, -BOUND), (0.3, 0.3)])
def test_what_was_kept_is_brought_within_bounds(kept: float, leaning: float) -> None:
    assert bounded(kept) == leaning
