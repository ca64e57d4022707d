"""What short words over a running reply want: nothing, silence, or the floor.

Most of what people say while somebody else talks keeps them talking: "mm-hm",
"right", a laugh. Some of it stops them: "wait", "that's enough", "Jarvis, stop".
Only an utterance that is made of such words throughout is read so; "bus stop",
"don't stop" and "wait for me at the station" are speech like any other.

The words come from the list of the language that is spoken and a few that are
known everywhere ("stop", "okay"). A language's list is not mixed with others: "para"
stops in Spanish and means "for", "dur" stops in Turkish and is "hard" in French.
All lists together are used only where nothing is known of the language.

Sans I/O, but for the lists, which are part of the program.
"""

from __future__ import annotations

import enum
import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

from pipeline.names import NameFinder, split_words
from pipeline.spoken_units import split_clauses, split_units, strip_annotations


class Interjection(enum.Enum):
    """What an utterance over somebody else's speech is."""

    BACKCHANNEL = "backchannel"
    """Wants nothing: agreement, wonder, laughter, a mere sound."""

    STOP = "stop"
    """Wants silence, and nothing else."""

    CALL = "call"
    """A name, perhaps with a greeting: what is wanted will follow."""

    SPEECH = "speech"
    """Anything else."""


class _Role(enum.Enum):
    """What a phrase does in an utterance."""

    STOP = "stops"
    NOD = "nods"
    AROUND = "around"
    NEGATION = "negations"
    NAME = "name"


_Phrases = Mapping[tuple[str, ...], _Role]

_EVERYWHERE = "international"
_SAME_LIST = {"nb": "no", "nn": "no", "yue": "zh"}
_LAUGHTER = re.compile(
    r"[aeh]?(?:ha)+h?|[aeh]?(?:he|hi|ho){2,}h?|(?:ja|je|ji){2,}j?|(?:hue){2,}|(?:rs)+r?"
    r"|[ах]?(?:ха|хе|хи){2,}х?|[अह]?(?:हा|ही|हे){2,}ह?"  # noqa: RUF001 - Cyrillic is meant
)


def read_interjection(
    text: str, names: Iterable[str] = (), *, language: str | None = None
) -> Interjection:
    """Return what an utterance wants that was said while somebody else was talking.

    Args:
        text: The transcript. Empty, or nothing but a sound such as ``[laughter]``, is a
            backchannel.
        names: What the agents are called; common mishearings of them count, too.
        language: ISO 639-1 code of what is spoken. ``None`` when it is not known, not even
            guessed: then a word that stops in any language stops.

    """
    roles = _read(_clauses(text), _phrases(text, names, language))
    if roles is None:
        return Interjection.SPEECH
    if _Role.STOP in roles:
        return Interjection.STOP
    if _Role.NAME in roles:
        return Interjection.CALL
    return Interjection.BACKCHANNEL if roles <= {_Role.NOD} else Interjection.SPEECH


def may_change(text: str, names: Iterable[str] = (), *, language: str | None = None) -> bool:
    """Return whether an utterance that still goes on may yet be read otherwise.

    A nod may go on as speech ("yeah, but"), a name as anything. Speech may be the
    cut beginning of a stop or a nod: "sto", "shut", "that's en". A stop need not be
    waited out, nor words that no list begins with.

    Args:
        text: The transcript so far; its last word may be cut.
        names: As for :func:`read_interjection`.
        language: Likewise.

    """
    *clauses, last = _clauses(text) or [()]
    phrases = _phrases(text, names, language)
    if _read(clauses, phrases) is None:
        return False
    roles = _read([last], phrases)
    if roles is not None:
        return _Role.STOP not in roles
    return any(
        _begins(last[at:], phrase)
        for at in range(len(last))
        if _read([last[:at]], phrases) is not None
        for phrase in phrases
    )


def is_interjection(text: str, names: Iterable[str] = (), *, language: str | None = None) -> bool:
    """Return whether an utterance holds nothing but nods, stops, names and words around them.

    Those are what people say several times running.
    """
    return _read(_clauses(text), _phrases(text, names, language)) is not None


def _units(text: str) -> tuple[str, ...]:
    return split_units(text, squeezed=True)


def _clauses(text: str) -> list[tuple[str, ...]]:
    return [_units(clause) for clause in split_clauses(strip_annotations(text))]


def _read(clauses: Iterable[tuple[str, ...]], phrases: _Phrases) -> set[_Role] | None:
    """Return what the phrases do that some clauses consist of; ``None`` when there is more."""
    found: set[_Role] = set()
    for clause in clauses:
        roles = set(_roles(clause, phrases))
        if None in roles or (_Role.NEGATION in roles and roles & {_Role.STOP, _Role.NOD}):
            return None
        found.update(filter(None, roles))
    return found


def _roles(units: tuple[str, ...], phrases: _Phrases) -> Iterator[_Role | None]:
    """Yield what each phrase does, the longest first; ``None``, the last, for an unknown word."""
    longest = max(map(len, phrases))
    at = 0
    while at < len(units):
        if _LAUGHTER.fullmatch(units[at]):
            yield _Role.NOD
            at += 1
            continue
        ends = range(min(at + longest, len(units)), at, -1)
        end = next((end for end in ends if units[at:end] in phrases), None)
        if end is None:
            yield None
            return
        yield phrases[units[at:end]]
        at = end


def _begins(units: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Whether the units are the beginning of a phrase, their last one perhaps cut."""
    *whole, cut = units
    at = len(whole)
    return phrase[:at] == tuple(whole) and len(phrase) > at and phrase[at].startswith(cut)


def _phrases(text: str, names: Iterable[str], language: str | None) -> _Phrases:
    """Return the phrases of the language and the names, as they are spelled in ``text``."""
    spelled = {name: (name,) for name in names}
    misheard = [mention.heard for mention in NameFinder(spelled).find(split_words(text))]
    return {
        # A word of the list is no misheard name, but a name may be a word of the list.
        **dict.fromkeys(filter(None, map(_units, misheard)), _Role.NAME),
        **_lexicon(_list_of(language)),
        **dict.fromkeys(filter(None, map(_units, spelled)), _Role.NAME),
    }


def _list_of(language: str | None) -> str | None:
    if language is None:
        return None
    code = re.split("[-_]", language.casefold())[0]
    return _SAME_LIST.get(code, code)


@functools.cache
def _word_lists() -> Mapping[str, Mapping[str, str]]:
    file = resources.files("pipeline") / "word_lists" / "interjections.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@functools.cache
def _lexicon(language: str | None) -> _Phrases:
    """Return the phrases of a language and of all; every language's when it is ``None``.

    Where lists disagree a stop wins, then the language that comes first.
    """
    lists = _word_lists()
    codes = [code for code in lists if language in {None, code}]
    lexicon: dict[tuple[str, ...], _Role] = {}
    for roles in ((_Role.STOP,), (_Role.NOD, _Role.AROUND, _Role.NEGATION)):
        for code in (*codes, _EVERYWHERE):
            for role in roles:
                phrases = map(_units, lists[code].get(role.value, "").split(","))
                lexicon.update((phrase, role) for phrase in phrases if phrase not in lexicon)
    return lexicon
