"""Formulas that are short enough to be said, from LaTeX to plain signs."""

from __future__ import annotations

import re

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "pi"),
    *("lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Sigma", "Phi", "Psi", "Omega"),
)
_SIGNS = {letter: letter for letter in _GREEK}
_SIGNS |= {"times": "\u00d7", "cdot": "\u00d7", "div": "\u00f7", "pm": "\u00b1", "degree": "\u00b0"}
_SIGNS |= {"leq": "\u2264", "le": "\u2264", "geq": "\u2265", "ge": "\u2265", "neq": "\u2260"}
_SIGNS |= {"ne": "\u2260", "approx": "\u2248", "to": "\u2192", "rightarrow": "\u2192"}
_SIGNS |= {"left": "", "right": "", "quad": " ", "qquad": " "}
_ESCAPED = {"%": "%", "$": "$", "#": "#", "&": "&", ",": " ", ";": " ", "!": "", " ": " "}
_DEGREE = re.compile(r"\^\{?\\circ\}?")
_NAMED = re.compile(r"\\(?:text|mathrm|mathbf|operatorname)\{([^{}\\]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_ROOT = re.compile(r"\\sqrt\{(\w+)\}")
_RAISED = re.compile(r"\^\{(-?\w+)\}")
_LOWERED = re.compile(r"_(?:\{(\w+)\}|(\w))")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_ESCAPE = re.compile(r"\\([%$#&,;! ])")


def say_formula(latex: str) -> str | None:
    """Return a formula in letters, digits and signs; ``None`` when nobody could follow it."""
    text = _DEGREE.sub("\u00b0", latex)
    text = _ROOT.sub("\u221a\\1", _FRACTION.sub(r"\1/\2", _NAMED.sub(r" \1 ", text)))
    text = _LOWERED.sub(r" \1\2", _RAISED.sub(r"^\1", text))
    text = _ESCAPE.sub(lambda m: _ESCAPED[m[1]], text)
    text = _COMMAND.sub(lambda m: _SIGNS.get(m[1], m[0]), text)
    return None if re.search(r"[\\{}]", text) else text
