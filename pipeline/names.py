"""Names as they are heard: what was said, in words, and who is named in it.

A recogniser spells a name as it likes. A mention is therefore a configured
name, a spelling that recognisers are known to give it, or a word at a small
edit distance. Sound alone is no ground: a phonetic code finds a four-letter
name 132 times in 10,000 words of meetings where nobody said it.

Sans I/O.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an utterance, without case, accents and punctuation."""

    text: str
    """Folded, as :func:`fold` does."""

    opens: bool
    """Nothing stands before it, or punctuation does."""

    closes: bool
    """Nothing stands behind it, or punctuation does."""

    first: bool
    """It begins a sentence."""

    last: bool
    """It ends a sentence."""


def fold(text: str) -> str:
    """Return ``text`` without case and accents, with plain apostrophes."""
    apart = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()


_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
# Latin and full-width marks; a dash only between spaces or as a long one.
_PAUSE = re.compile(
    r"[,;:.!?()\"\u2026\u201c\u201d\u3001\u3002\uff0c\uff01\uff1f\u2013\u2014]|\s-\s"
)
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f]")


def word_set(text: str) -> frozenset[str]:
    """Return the words of ``text``, which parts them by spaces."""
    return frozenset(text.split())


def split_words(text: str) -> tuple[Word, ...]:
    """Return the words of an utterance in order; a hyphen parts words and is no pause."""
    folded = fold(text)
    found = list(_WORD.finditer(folded))
    # gaps[i] stands before word i, the last one behind the last word.
    edges = [0, *(at for word in found for at in word.span()), len(folded)]
    gaps = [folded[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2)]
    pauses = [bool(_PAUSE.search(gap)) for gap in gaps]
    ends = [bool(_SENTENCE_END.search(gap)) for gap in gaps]
    pauses[0] = pauses[-1] = ends[0] = ends[-1] = True
    return tuple(
        Word(word.group(), pauses[i], pauses[i + 1], ends[i], ends[i + 1])
        for i, word in enumerate(found)
    )


class Likeness(enum.Enum):
    """How a mention came to be taken for a name; the closest first."""

    EXACT = 0
    ALIAS = 1
    """A configured other name, or a spelling of :data:`MISHEARD`."""

    SIMILAR = 2
    """A small edit distance away."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in an utterance."""

    owner: str
    """Id of who is called so."""

    heard: str
    """The words as they were recognised, folded."""

    likeness: Likeness
    start: int
    """Index of its first word."""

    end: int
    """Index past its last word."""


MISHEARD: Mapping[str, tuple[str, ...]] = {
    "alexa": ("alexia", "elexa"),
    "clawd": ("claude", "claud", "clawed", "clod"),
    "claude": ("claud", "clawed", "clod", "klaude"),
    "echo": ("ecko", "eko"),
    "jarvis": (
        "travis",
        "jervis",
        "jarvus",
        "charvis",
        "javis",
        "garvis",
        "gervais",
        "chavis",
        "jarves",
        "jarvice",
    ),
    "molty": ("malty", "moulty", "molti"),
    "nia": ("nya", "niya", "nea", "neah", "niah"),
    "openclaw": ("open claude", "open clause", "open clo", "open clawed"),
    "sage": ("saige", "sayge"),
    "watson": ("wattson", "watsun", "whatson"),
}
"""What recognisers make of common names. Only words that people hardly use to address others."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    owner: str
    joined: str
    """Without the spaces: one word is often recognised as two ("open claw")."""

    words: int
    likeness: Likeness
    edits: int
    """How many letters may be wrong."""


class NameFinder:
    """Finds mentions of agents, or of people.

    Args:
        names: What each owner (by id) is called, the usual name first, then others.
        misheard: Also take other spellings: those of :data:`MISHEARD`, and words at a
            small edit distance of a name.
        learnt: More such spellings, by owner.

    """

    def __init__(
        self,
        names: Mapping[str, Sequence[str]],
        *,
        misheard: bool = True,
        learnt: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        spellings = [*_spellings(names, misheard=misheard), *_learnt_spellings(learnt or {}, names)]
        self._known: dict[str, _Spelling] = {}
        for spelling in sorted(spellings, key=lambda it: it.likeness.value):
            self._known.setdefault(spelling.joined, spelling)
        self._near = [spelling for spelling in spellings if spelling.edits]
        self._most_words = max((it.words for it in spellings), default=0) + 1

    def find(self, words: Sequence[Word]) -> list[Mention]:
        """Return the mentions from left to right; they do not overlap."""
        mentions: list[Mention] = []
        at = 0
        while at < len(words):
            mention = self._find_at(words, at)
            if mention:
                mentions.append(mention)
            at = mention.end if mention else at + 1
        return mentions

    def rest(self, words: Sequence[Word]) -> list[str]:
        """Return the words that belong to no mention."""
        named = {at for mention in self.find(words) for at in range(mention.start, mention.end)}
        return [word.text for at, word in enumerate(words) if at not in named]

    def _find_at(self, words: Sequence[Word], at: int) -> Mention | None:
        """Return the closest, then longest mention that begins at a word."""
        best: Mention | None = None
        joined = ""
        for end in range(at + 1, min(at + self._most_words, len(words)) + 1):
            joined += words[end - 1].text
            match = self._match(joined, end - at)
            if match and (best is None or match[1].value <= best.likeness.value):
                heard = " ".join(word.text for word in words[at:end])
                best = Mention(match[0].owner, heard, match[1], at, end)
            if words[end - 1].closes:
                break
        return best

    def _match(self, joined: str, words: int) -> tuple[_Spelling, Likeness] | None:
        known = self._known.get(joined)
        # Only a long name may come in more or fewer words: "an a" is not Ana.
        if known and (known.words == words or len(joined) >= _ONE_EDIT):
            return known, known.likeness
        for name in self._near:
            if words != name.words or "'" in joined or joined == f"{name.joined}s":
                continue  # a possessive or plural speaks about the name's bearers
            if Levenshtein.distance(name.joined, joined, score_cutoff=name.edits) <= name.edits:
                return name, Likeness.SIMILAR
        return None


def _spellings(names: Mapping[str, Sequence[str]], *, misheard: bool) -> Iterator[_Spelling]:
    for owner, spoken in names.items():
        shipped = MISHEARD.get(fold(spoken[0]), ()) if spoken and misheard else ()
        for index, name in enumerate((*spoken, *shipped)):
            words = [word.text for word in split_words(name)]
            joined = "".join(words)
            likeness = Likeness.ALIAS if index else Likeness.EXACT
            # A misspelling of a misspelling is another word ("travis", "davis").
            edits = _edits(joined) if misheard and index < len(spoken) else 0
            if words:
                yield _Spelling(owner, joined, len(words), likeness, edits)


def _learnt_spellings(
    learnt: Mapping[str, Sequence[str]], names: Mapping[str, Sequence[str]]
) -> Iterator[_Spelling]:
    for owner, forms in learnt.items():
        for form in forms:
            if owner in names:
                yield _Spelling(owner, form, 1, Likeness.ALIAS, 0)


_ONE_EDIT = 5
_TWO_EDITS = 8


def _edits(name: str) -> int:
    """Return how many letters of a name may be wrong; a short name is too like other words."""
    return (len(name) >= _ONE_EDIT) + (len(name) >= _TWO_EDITS)
