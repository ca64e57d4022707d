"""What people ask an agent about its voice: to speak slower or faster, or as somebody else.

Only an utterance that is such a request throughout is read as one: "could you speak a bit slower,
please", "Jarvis, normal speed". "Tell me about slower cars" and "speak slower than before about
this" go to the agent like any other words. Whether the bot was addressed is not decided here.

Sans I/O, but for the lists, which are part of the program.
"""

from __future__ import annotations

import enum
import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, assert_never

from pipeline.names import NameFinder, split_words
from pipeline.spoken_units import count_words, split_units, strip_annotations

_LONGEST = 40
"""Words, or characters where they are not spaced, beyond which nothing is a request."""

_LONGEST_NAME = 5.0
"""Words of a voice's name."""

_QUESTION = ("?", "\uff1f")


class Direction(enum.Enum):
    """Where the pace shall go."""

    SLOWER = "slower"
    FASTER = "faster"
    NORMAL = "normal"
    """As the settings have it."""


class Degree(enum.Enum):
    """How far. The value is the factor of one step."""

    LITTLE = 1.09
    USUAL = 1.18
    MUCH = 1.4


@dataclass(frozen=True, slots=True)
class PaceRequest:
    """Speak at another pace."""

    direction: Direction
    degree: Degree = Degree.USUAL

    @property
    def factor(self) -> float | None:
        """What the speed is to be multiplied by; ``None``: back to that of the settings."""
        match self.direction:
            case Direction.SLOWER:
                return 1 / self.degree.value
            case Direction.FASTER:
                return self.degree.value
            case Direction.NORMAL:
                return None
            case _:
                assert_never(self.direction)


class WhichVoice(enum.Enum):
    """Which voice is asked for."""

    NAMED = "named_voice"
    OTHER = "other_voice"
    """Any that is not this one."""

    OWN = "own_voice"
    """As in the settings."""


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """Speak with another voice."""

    which: WhichVoice
    words: str = ""
    """What was named; whether there is such a voice, only the speech server knows."""


SpokenRequest = PaceRequest | VoiceRequest


class _Kind(enum.Enum):
    """What a phrase does for a request."""

    NAME = "name"
    POLITE = "polite"
    LITTLE = "little"
    MUCH = "much"
    SPEAK = "speak"
    WHOLE = "whole"
    """A request by itself."""

    ALONE = "alone"
    """One by itself, unless it answers a question."""

    SPOKEN = "spoken"
    """One beside a word for speaking."""

    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class _Role:
    kind: _Kind
    meaning: Direction | WhichVoice | None = None


_Phrases = Mapping[tuple[str, ...], _Role]
_SAME_LIST = {"nb": "no", "nn": "no"}
_AROUND = frozenset({_Kind.NAME, _Kind.POLITE})
_PACE = {_Kind.WHOLE: "", _Kind.ALONE: "_alone", _Kind.SPOKEN: "_spoken"}


def read_request(
    text: str,
    names: Iterable[str] = (),
    *,
    language: str | None = None,
    after_question: bool = False,
) -> SpokenRequest | None:
    """Return what an utterance asks of the voice; ``None`` when it is anything else.

    Args:
        text: The transcript.
        names: What the agents are called; common mishearings of them count, too.
        language: ISO 639-1 code of what is spoken; ``None`` when it is not known.
        after_question: Whether the bot has just asked something: then "slower" is an answer, and
            only what speaks of speech is a request.

    """
    units = split_units(strip_annotations(text))
    if not 0 < len(units) <= _LONGEST:
        return None
    called = _called(text, names)
    asks = text.rstrip().endswith(_QUESTION)
    for code in _codes(language):
        # A word of the list is no misheard name.
        phrases = {**called, **_lexicon(code)}
        for wanted in (units, _without_words_between(units, code)):
            roles = _roles(wanted, phrases)
            if roles is not None:
                return _read(roles, asks=asks, answers=after_question)
            if words := _named(wanted, phrases, code):
                return VoiceRequest(WhichVoice.NAMED, words)
    return None


def acknowledgement(request: SpokenRequest, *, changed: bool, language: str) -> str:
    """Return what is answered to a request.

    Args:
        request: What was asked for.
        changed: Whether anything could be changed.
        language: ISO 639-1 code; English where nothing is known of it.

    """
    said: Mapping[str, str] = _lists()[(_codes(language) or ["en"])[0]]["said"]
    match request:
        case PaceRequest(direction=direction):
            if changed:
                return said[direction.value]
            limits = {Direction.SLOWER: "slowest", Direction.FASTER: "fastest"}
            return said[limits.get(direction, "unchanged")]
        case VoiceRequest(which=which):
            if changed:
                return said["own_voice" if which is WhichVoice.OWN else "voice"]
            return said["no_other_voice" if which is WhichVoice.OTHER else "unchanged"]
        case _:
            assert_never(request)


def _read(roles: Sequence[_Role], *, asks: bool, answers: bool) -> SpokenRequest | None:
    """Put the roles of a whole utterance together.

    Args:
        roles: Of every phrase.
        asks: Whether it is a question.
        answers: Whether it may answer one.

    """
    kinds = {role.kind for role in roles}
    meanings = {role.meaning for role in roles if role.meaning is not None}
    if len(meanings) != 1:
        return None
    (meaning,) = meanings
    if isinstance(meaning, WhichVoice):
        return VoiceRequest(meaning) if kinds <= {_Kind.VOICE, *_AROUND} else None
    if not kinds & {_Kind.WHOLE, _Kind.SPEAK}:
        # "Slower?" asks, "a bit slower, please?" does not.
        is_open = answers or (asks and _Kind.POLITE not in kinds)
        if is_open or _Kind.ALONE not in kinds:
            return None
    if _Kind.MUCH in kinds:
        return PaceRequest(meaning, Degree.MUCH)
    return PaceRequest(meaning, Degree.LITTLE if _Kind.LITTLE in kinds else Degree.USUAL)


def _roles(units: tuple[str, ...], phrases: _Phrases) -> list[_Role] | None:
    """Return what each phrase does, the longest first; ``None`` when a word belongs to none."""
    longest = max(map(len, phrases))
    roles: list[_Role] = []
    at = 0
    while at < len(units):
        ends = range(min(at + longest, len(units)), at, -1)
        end = next((end for end in ends if units[at:end] in phrases), None)
        if end is None:
            return None
        roles.append(phrases[units[at:end]])
        at = end
    return roles


def _named(units: tuple[str, ...], phrases: _Phrases, code: str) -> str:
    """Return the words for a voice that an utterance names, "" when it names none."""
    templates = _templates(code)
    for first, last in _without_politeness(units, phrases):
        for before, after in templates:
            start, end = first + len(before), last - len(after)
            fits = units[first:start] == before and units[end:last] == after
            if fits and 0 < count_words(units[start:end]) <= _LONGEST_NAME:
                return " ".join(units[start:end])
    return ""


def _without_politeness(units: tuple[str, ...], phrases: _Phrases) -> Iterator[tuple[int, int]]:
    """Yield where what is wanted may begin and end, the shortest first."""

    def is_around(part: tuple[str, ...]) -> bool:
        roles = _roles(part, phrases)
        return roles is not None and {role.kind for role in roles} <= _AROUND

    count = len(units)
    firsts = [at for at in range(count) if is_around(units[:at])]
    lasts = [at for at in range(1, count + 1) if is_around(units[at:])]
    for first in reversed(firsts):
        for last in lasts:
            yield first, last


def _without_words_between(units: tuple[str, ...], code: str) -> tuple[str, ...]:
    """Leave out what may stand inside a phrase: "nimm bitte eine andere Stimme"."""
    between = set(_split(_lists()[code]["between"]))
    return tuple(unit for unit in units if unit not in between)


def _called(text: str, names: Iterable[str]) -> _Phrases:
    """Return the agents' names, also as they are spelled in ``text``."""
    spelled = {name: (name,) for name in names}
    heard = [mention.heard for mention in NameFinder(spelled).find(split_words(text))]
    units = (split_units(name) for name in (*spelled, *heard))
    return {name: _Role(_Kind.NAME) for name in units if name}


def _codes(language: str | None) -> list[str]:
    """Return the lists to look into."""
    if language is None:
        return list(_lists())
    code = language.casefold().replace("_", "-").split("-")[0]
    code = _SAME_LIST.get(code, code)
    return [code] if code in _lists() else []


@functools.cache
def _lists() -> Mapping[str, Mapping[str, Any]]:
    file = resources.files("pipeline") / "word_lists" / "spoken_requests.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@functools.cache
def _lexicon(code: str) -> _Phrases:
    """Return what the phrases of a language do."""
    by_itself = (_Kind.POLITE, _Kind.SPEAK, _Kind.LITTLE, _Kind.MUCH)
    roles = {kind.value: _Role(kind) for kind in by_itself}
    roles |= {
        direction.value + ending: _Role(kind, direction)
        for direction in Direction
        for kind, ending in _PACE.items()
    }
    unnamed = (WhichVoice.OTHER, WhichVoice.OWN)
    roles |= {which.value: _Role(_Kind.VOICE, which) for which in unnamed}
    lists = _lists()[code]
    return {
        split_units(phrase): role for name, role in roles.items() for phrase in _split(lists[name])
    }


@functools.cache
def _templates(code: str) -> Sequence[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return what stands before and behind a voice's name, the longest first."""
    pairs = [phrase.split("*") for phrase in _split(_lists()[code]["named_voice"])]
    both = [(split_units(before), split_units(after)) for before, after in pairs]
    return sorted(both, key=lambda pair: -len(pair[0]) - len(pair[1]))


def _split(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split(",")]
