"""A transcript in the pieces that lists of words are made of, whatever its script and spelling.

Sans I/O.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Han, kana, Hangul: written without spaces, or with spaces that recognisers set as they like.
_UNSPACED = re.compile(
    "[\u1100-\u11ff\u3005\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_DRAWN_OUT = re.compile(r"(\w)\1+")
# What recognisers write of sounds: [laughter], (sighs), *coughs*, 【音楽】, ♪ la la ♪.
# Not brackets around digits: (555) begins a telephone number.
_ANNOTATION = re.compile(
    r"\[[^\]]*(?:\]|$)|\uff3b[^\uff3d]*(?:\uff3d|$)|\u3010[^\u3011]*(?:\u3011|$)"
    r"|\([^()\d]*(?:\)|$)|\uff08[^\uff08\uff09\d]*(?:\uff09|$)"
    r"|\*[^*\d]*(?:\*|$)|[\u2669-\u266c][^\u2669-\u266c]*[\u2669-\u266c]*"
)
# Not the points of "O.K."; Latin, Arabic, Indic and ideographic marks, full width ones too.
_PAUSE = re.compile(
    r"[.,;:!?](?:\s|$)|\s-\s"
    "|[\u2013\u2014\u2026\u060c\u061f\u0964\u3001\u3002\uff0c\uff01\uff1a\uff1b\uff1f]"
)
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
# Apostrophes ("don't" is as often written "dont"), and signs that draw a sound out.
_DROPPED = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc`\u00b4\u30fc\u301c~\uff5e\u0640"))
_ARABIC_SPELLINGS = {ord("\u0649"): "\u064a", ord("\u0629"): "\u0647"}
_FOLDED = _KATAKANA_TO_HIRAGANA | _DROPPED | _ARABIC_SPELLINGS
# Of all combining marks only these make another letter: kana voicing and virama.
_KEPT_MARKS = frozenset({0, 8, 9})


def strip_annotations(text: str) -> str:
    """Return ``text`` without what recognisers write of sounds, such as ``[laughter]``."""
    return " ".join(_ANNOTATION.sub(" ", text).split())


def split_units(text: str, *, squeezed: bool = False) -> tuple[str, ...]:
    """Return the words of ``text``; of scripts without spaces, the characters.

    Without case, accents, apostrophes and punctuation; katakana as hiragana. A
    hyphen parts words.

    Args:
        text: A transcript.
        squeezed: Write every letter once where it is drawn out or doubled: "yeaaah" is "yeah",
            and "hmmm" is "hm". What it is compared with must be squeezed, too.

    """
    folded = _fold(text)
    if squeezed:
        folded = _DRAWN_OUT.sub(r"\1", folded)
    spaced = _UNSPACED.sub(r" \g<0> ", folded)
    return tuple("".join(char if _is_letter(char) else " " for char in spaced).split())


def split_clauses(text: str) -> list[str]:
    """Return the parts of ``text`` between pauses, which punctuation tells; none is empty."""
    return [clause for clause in _PAUSE.split(text) if split_units(clause)]


def count_words(units: Sequence[str]) -> float:
    """Return how many words some units are; a character of a script without spaces is half one."""
    return sum(0.5 if _UNSPACED.fullmatch(unit) else 1.0 for unit in units)


def _fold(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).casefold().translate(_FOLDED)
    apart = unicodedata.normalize("NFD", composed)
    kept = (char for char in apart if unicodedata.combining(char) in _KEPT_MARKS)
    return unicodedata.normalize("NFC", "".join(kept))


def _is_letter(char: str) -> bool:
    # Marks are half of every syllable in Indic scripts.
    return unicodedata.category(char)[0] in "LMN"
