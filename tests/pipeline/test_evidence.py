import math

import pytest

from pipeline.evidence import Evidence, log_odds, probability, total


def test_evidence_shows_its_weight_with_a_sign() -> None:
    assert str(Evidence("base", -3.0)) == "base -3.0"
    assert str(Evidence("question", 0.7)) == "question +0.7"


def test_evidence_adds_up() -> None:
    assert total([Evidence("a", 0.1)] * 10) == 1.0
    assert total([]) == 0.0


@pytest.mark.parametrize("weight", [-5.0, -0.3, 0.0, 2.0])
def test_log_odds_and_probability_are_each_others_inverse(weight: float) -> None:
    assert log_odds(probability(weight)) == pytest.approx(weight)


def test_certainty_has_no_finite_log_odds() -> None:
    assert log_odds(1.0) == math.inf
    assert log_odds(0.0) == -math.inf
    assert probability(0.0) == 0.5
