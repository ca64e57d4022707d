"""Signs of sums and comparisons, and other signs that have words."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.speech_text.rules import Rule, rule
from pipeline.speech_text.vocabulary import Vocabulary

_AMOUNT = r"(?= ?[\d$\u20ac\u00a3\u00a5])"


def comparison_rules(words: Vocabulary) -> Iterable[Rule]:
    """Make the rules for signs before an amount, which they do not belong to."""
    signs = words.signs
    yield rule(r"(?<=[\w)]) ?\u2248 ?(?=\w)", words.between(signs.is_about), needs_digit=False)
    yield rule(rf"(?<!\d)[\u2248~]{_AMOUNT}", f"{signs.about}{words.joint}")
    yield rule(r"\u00b1", words.between(signs.plus_minus), needs_digit=False)
    for pattern, said in (
        (">=|[\u2265\u2267]", signs.at_least),
        ("<=|[\u2264\u2266]", signs.at_most),
        ("<", signs.less_than),
        (">", signs.more_than),
    ):
        if said:
            yield rule(rf" ?(?:{pattern}){_AMOUNT}", words.between(said))


def sign_rules(words: Vocabulary) -> Iterable[Rule]:
    """Make the rules for signs between and before words and numbers."""
    signs, between = words.signs, words.between
    plus, times = between(words.plus), between(signs.times)
    for pattern, said in (
        (r" ?&+ ?", between(words.and_)),
        (r"(?<=[\w)]) ?\+ ?(?=[\d(])|(?<=\w) \+ (?=\w)|(?<=\w)\+(?=\w)", plus),
        (r"(?<!\w)\+(?=\d)", f"{words.plus}{words.joint}"),
        (r" ?(?:!=|\u2260) ?", between(signs.is_not)),
        (r" ?(?:={1,3}|\u2261) ?", between(signs.equals)),
        (r"(?<=[\d)]) ?[*\u00d7\u00b7\u22c5] ?(?=[\d(])|(?<=\w) [\u00d7\u22c5] (?=\w)", times),
        (r"(?<=\d) ?\u00f7 ?(?=\d)|(?<=\d) [/:] (?=\d)", between(signs.divided_by)),
        (r"(?<=\d) - (?=\d)|(?<=\d)\u2212(?=\d)", between(words.minus)),
        (r"\u221a ?(?=\w)", f"{signs.root_of}{words.joint}"),
        (r"\u00b2|\^2(?!\d)", f"{words.joint}{signs.squared}"),
        (r"\u00b3|\^3(?!\d)", f"{words.joint}{signs.cubed}"),
        (r"\^(?=-?\w)", between(signs.to_the_power_of)),
        (r"\u03c0", signs.pi),
        (r"\u00a7+ ?(?=\d)", f"{signs.section}{words.joint}"),
        (r"(?<=[a-z\u00df-\u00ff])/(?=[a-z\u00df-\u00ff])", between(signs.or_)),
    ):
        yield rule(pattern, said, needs_digit=False)
    for pattern, said in words.more_signs:
        yield rule(pattern, said, needs_digit=False)
