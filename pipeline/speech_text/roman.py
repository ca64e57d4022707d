"""Roman numbers behind the names of kings, wars and chapters."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.speech_text.rules import Rule, one_of, rule
from pipeline.speech_text.vocabulary import Vocabulary

_KINGS = (
    *("Charles", "Edward", "Elizabeth", "George", "Henry", "James", "John", "Louis", "Mary"),
    *("Napoleon", "Paul", "Philip", "Pius", "Richard", "William", "Benedict", "Leo", "Ramses"),
    *("Friedrich", "Heinrich", "Karl", "Ludwig", "Otto", "Wilhelm", "Franz", "Maximilian"),
    *("Haakon", "Håkon", "Harald", "Olav", "Christian", "Margrethe", "Gustav", "Carl", "Frederik"),
)
_NUMBERED = (
    *("World War", "Chapter", "Part", "Act", "Volume", "Vol.", "Book", "Phase", "Type", "Title"),
    *("Super Bowl", "Rocky", "Final Fantasy", "Appendix", "Article", "Section", "Weltkrieg"),
    *("Kapitel", "Teil", "Band", "Stufe", "Typ", "Artikel", "Hartz", "Kapittel", "Del", "Bind"),
    *("kapittel", "verdenskrig"),
)
_DIGITS = {"I": 1, "V": 5, "X": 10}
_ROMAN = r"(?P<roman>X{0,3}(?:IX|IV|V?I{0,3}))(?<=[IVX])(?!\w)(?P<end>\.(?= [a-z\u00e0-\u00ff]))?"
"""Up to 39; the full stop is that of an ordinal."""

_NOT_ME = r"(?!I (?!of\b))"
"""Behind a name, "I" may be a pronoun."""


def roman_rules(words: Vocabulary) -> Iterable[Rule]:
    """Make the rules, for languages that number their kings in this way."""
    if not words.has_roman_numbers:
        return
    yield rule(
        rf"\b(?P<name>{one_of(_KINGS)}) {_NOT_ME}{_ROMAN}",
        lambda m: f"{m['name']} {words.regnal(_value(m['roman']))}",
        needs_digit=False,
    )
    yield rule(
        rf"\b(?P<name>{one_of(_NUMBERED)}) {_NOT_ME}{_ROMAN}",
        lambda m: f"{m['name']} {words.cardinal(_value(m['roman']))}",
        needs_digit=False,
    )


def _value(roman: str) -> int:
    """Return what a Roman number is worth: a smaller digit before a larger one counts less."""
    digits = [_DIGITS[sign] for sign in roman]
    following = [*digits[1:], 0]
    return sum(-one if one < two else one for one, two in zip(digits, following, strict=True))
