"""Cuts plain text into sentences as it streams in, the first clause of a reply as early as it may.

What decides is what follows: a full stop ends a sentence when the next word begins
like one, and what stands before it is no abbreviation, initial or ordinal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.speech_text.marks import NAME, NAME_END, NUMBER

LONGEST_PIECE = 300
"""Characters after which a sentence is cut at a clause, else at a space."""

SHORTEST_CLAUSE = 20
"""Characters, blanks included, that a first clause has at least: less sounds chopped."""

_CLOSERS = r"[\"')\]}\u2019\u201d\u00bb\u300d\u300f\uff09\u3011]*"
_END = re.compile(rf"(?P<wide>[\u3002\uff01\uff1f]+{_CLOSERS})|[.!?\u2026]+{_CLOSERS}(?=\s)")
_WIDE_CLAUSE = "\u3001\uff0c\uff1b\uff1a"
_CLAUSE = re.compile(rf"[,;:](?=\s)|\s[\u2013\u2014-](?=\s)|\u2014|[{_WIDE_CLAUSE}]")
_LATE_CLAUSE = re.compile(r"[,;:\u2013\u2014)\u3001\uff0c\uff1b]\s*")
_NEXT_WORD = re.compile(r"\s+[\"'(\[\u201c\u201e\u00bb\u00ab]*(?P<word>\S+)(?P<more>\s?)")

_BEFORE_WORD = re.compile(rf"[(\[\"'\u201e\u201c\u2013{NUMBER}]")

_ABBREVIATIONS = frozenset(
    (
        # English
        *("dr", "mr", "mrs", "ms", "prof", "st", "jr", "sr", "vs", "approx", "e.g", "i.e", "cf"),
        *("fig", "vol", "pp", "ed", "gen", "sen", "rep", "gov", "est", "dept", "inc", "ltd"),
        *("incl", "excl", "temp", "ext", "tel", "co", "jan", "feb", "mar", "apr", "jun", "jul"),
        *("aug", "sep", "sept", "oct", "nov", "dec"),
        # German
        *("z.b", "z", "d.h", "h", "u.a", "a", "bzw", "ca", "usw", "evtl", "ggf", "inkl", "nr"),
        *("str", "abs", "art", "std", "s", "vgl", "bspw", "sog", "hr", "fr", "min", "max", "mind"),
        *("zzgl", "mrd", "mio", "mo", "di", "mi", "do", "sa"),
        # Norwegian
        *("f.eks", "bl.a", "dvs", "kl", "osv", "mfl", "mill", "pga", "tlf", "avd", "jf", "iht"),
        *("ift", "evt", "gj.sn", "m.m", "o.l", "t.o.m", "f.o.m", "hhv", "ifm", "mht", "vha", "pr"),
        *("stk", "ang"),
    )
)
"""Words whose full stop does not end a sentence."""

_LETTERS = re.compile(r"(?:[^\W\d]\.)+[^\W\d]")
"""An abbreviation of single letters: U.S."""

_HALVES_OF_DAY = frozenset(("a.m", "p.m"))

_NUMBERED = frozenset(
    (
        *("no", "nr", "p", "kl", "kr", "art", "ch", "sec", "kap", "abb", "maks"),
        *("man", "tir", "ons", "tor", "tors", "fre", "lør", "søn"),
    )
)
"""Abbreviations only before a number."""

_ORDINAL_LEADS = frozenset(
    (
        *("am", "der", "den", "dem", "des", "das", "die", "vom", "zum", "im", "beim", "bis", "ab"),
        *("seit", "nach", "vor", "dienstag", "montag", "mittwoch", "donnerstag", "freitag"),
        *("samstag", "sonntag", "und", "jeden", "ein", "eine", "kein"),
    )
)
"""Words after which a number with a full stop is German for an ordinal, whatever follows."""

_MONTHS = re.compile(
    r"(?:jan|feb|m\u00e4r|apr|ma[ij]|jun|jul|aug|sep|o[kc]t|nov|de[zs])", re.IGNORECASE
)


class Sentences:
    """Cuts the text of one reply.

    Args:
        longest: Characters a piece has at most.

    """

    def __init__(self, longest: int = LONGEST_PIECE) -> None:
        self._longest = longest
        self._text = ""
        self._searched = 0
        self._begun = False

    def push(self, text: str, ahead: str = "") -> Iterator[str]:
        """Take in text; yields the sentences it completes.

        Args:
            text: What follows.
            ahead: How the word after it begins, if that is known, and what
                stands before it; it is not taken in.

        """
        self._text += text
        if not text and not ahead:
            return
        while (cut := self._find_cut(self._text + ahead)) is not None:
            yield from self._take(cut)
        while len(self._text) > self._longest:
            yield from self._take(_place_to_cut(self._text, self._longest))

    def flush(self) -> Iterator[str]:
        """End the sentence."""
        yield from self._take(len(self._text))

    def drop(self) -> None:
        """Forget the sentence that has not ended."""
        self._text, self._searched = "", 0

    def _take(self, cut: int) -> Iterator[str]:
        piece, self._text, self._searched = self._text[:cut].strip(), self._text[cut:], 0
        if piece:
            self._begun = True
            yield piece

    def _find_cut(self, text: str) -> int | None:
        """Return where the first sentence ends, if that is certain."""
        for match in _END.finditer(text, self._searched):
            following = _NEXT_WORD.match(text, match.end())
            if match["wide"]:
                if match.end() == len(text):
                    break  # a closing quotation mark may follow
                return match.end()
            if following is None:
                break
            verdict = _ends(text, match, following)
            if verdict is None:
                break
            if verdict and _is_outside_names(text[: match.end()]):
                return match.end()
            self._searched = match.end()
        return None if self._begun else _find_clause(text)


def _find_clause(text: str) -> int | None:
    """Return where the first clause ends, if it is long enough and that is certain."""
    for match in _CLAUSE.finditer(text, SHORTEST_CLAUSE // 2):
        before, rest = text[: match.end()], text[match.end() :].lstrip()
        if len(before) < SHORTEST_CLAUSE and match[0] not in _WIDE_CLAUSE:
            continue
        if not rest:
            return None
        in_brackets = before.count("(") > before.count(")")
        if not (rest[0].isdigit() or in_brackets) and _is_outside_names(before):
            return match.end()
    return None


def _ends(text: str, match: re.Match[str], following: re.Match[str]) -> bool | None:
    """Whether a sentence ends there; ``None`` when more text must tell."""
    sign, word = match[0], following["word"]
    if word[0].islower():
        return False
    if sign[0] != "." or sign.startswith(".."):
        return True
    words = text[: match.start()].split()
    last = _BEFORE_WORD.split(words[-1])[-1].lower() if words else ""
    if last.isdigit():
        return _ends_after_number(last, words, following)
    if last in _NUMBERED:
        return not word[0].isdigit()
    if last in _ABBREVIATIONS or (_LETTERS.fullmatch(last) and last not in _HALVES_OF_DAY):
        return False
    return not (len(last) == 1 and last.isalpha() and last != "i" and words[-1][-1].isupper())


def _ends_after_number(number: str, words: list[str], following: re.Match[str]) -> bool | None:
    """Whether a number with a full stop ends a sentence: it may be an ordinal."""
    if len(words) == 1 or words[-1].startswith("("):
        return False  # it numbers what follows
    if len(number) > 2:  # noqa: PLR2004 - no day of a month, hardly an ordinal
        return True
    if words[-2].lower().strip(",(") in _ORDINAL_LEADS:
        return False
    if not following["more"] and len(following["word"]) < 3:  # noqa: PLR2004 - too short to tell a month
        return None
    return not _MONTHS.match(following["word"])


def _is_outside_names(text: str) -> bool:
    return text.count(NAME) == text.count(NAME_END)


def _place_to_cut(text: str, longest: int) -> int:
    """Return where to cut a text that is too long: at a late clause, else at a space."""
    clauses = [match.end() for match in _LATE_CLAUSE.finditer(text, 0, longest)]
    late = [end for end in clauses if end > longest // 2]
    return late[-1] if late else text.rfind(" ", 1, longest) + 1 or longest
