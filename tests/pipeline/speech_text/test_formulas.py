from __future__ import annotations

import pytest

from pipeline.speech_text.formulas import say_formula


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        ("a + b", "a + b"),
        (r"\alpha", "alpha"),
        (r"90^\circ", "90°"),
        (r"x^{2} \leq 10\%", "x^2 ≤ 10%"),
        (r"\frac{1}{2} \times \sqrt{x}", "1/2 \u00d7 √x"),
        (r"v_0 + v_{max}", "v 0 + v max"),
        (r"5\,\text{kg}", "5  kg "),
    ],
)
def test_a_short_formula_is_said(latex: str, plain: str) -> None:
    assert say_formula(latex) == plain


@pytest.mark.parametrize(
    "latex", [r"\frac{-b}{2a}", r"\sum_{i=1}^n i", r"\begin{matrix}", "{", "\\"]
)
def test_a_formula_nobody_could_follow_is_not(latex: str) -> None:
    assert say_formula(latex) is None
