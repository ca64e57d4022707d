"""Misheard forms of agents' names, learnt where people talk.

A recogniser makes the same mistake again and again with one voice and one name.
When somebody calls an agent by something like its name, is not understood and
says it once more, or tells that the bot was meant, the form is remembered; from
the second time on it counts as a name. Common words and the names of people who
are there are never learnt.

Sans I/O, but for the list of common words, which is part of the program.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TypeVar

from rapidfuzz.distance import Levenshtein

from pipeline.names import Mention, Word, split_words
from pipeline.vocative import calling_places

COMMON_WORDS = "common_words.txt"
"""File in the folder ``word_lists``: common English words, one a line."""

REPEATED_WITHIN = 15.0
"""Seconds within which a turn that names the agent repeats one that nearly did."""

TIMES = 2
"""How often a form must be confirmed before it counts as a name."""

MOST_FORMS = 8
"""Learnt forms of one agent; the oldest gives way."""

MOST_CANDIDATES = 32
"""Forms that wait to be confirmed again; the oldest gives way."""

_SHORTEST = 4
_ALIKE = 0.6
_SAME_WISH = 0.5


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Something like an agent's name, where one calls it."""

    agent: str
    """Whose name it is like."""

    heard: str
    """The form, folded."""

    wish: frozenset[str]
    """The other words of the utterance."""


def find_near_miss(
    words: Sequence[Word], names: Mapping[str, Sequence[str]], people: Iterable[Mention]
) -> NearMiss | None:
    """Return what may be a misheard call of an agent.

    Args:
        words: An utterance that names no agent.
        names: What agents are called, by their id.
        people: Mentions of people, whose names are theirs.

    """
    taken = {index for mention in people for index in range(mention.start, mention.end)}
    for at in calling_places(words):
        heard = words[at].text
        agent = _like(heard, names)
        if agent is not None and at not in taken and _may_be_learnt(heard):
            wish = [word.text for index, word in enumerate(words) if index != at]
            return NearMiss(agent, heard, frozenset(wish))
    return None


@dataclass(frozen=True, slots=True)
class _Missed:
    near: NearMiss
    at: float


class NameVariants:
    """What one guild's recogniser makes of agents' names.

    Args:
        learnt: Forms by agent, as :meth:`learnt` gave them; what may not be learnt is left out.

    """

    def __init__(self, learnt: Mapping[str, Sequence[str]] | None = None) -> None:
        self._learnt: dict[str, list[str]] = {}
        self._candidates: dict[tuple[str, str], int] = {}
        self._missed: dict[str, _Missed] = {}
        for agent, forms in (learnt or {}).items():
            for form in forms:
                if _may_be_learnt(form):
                    self._learn(agent, form)

    def learnt(self) -> dict[str, list[str]]:
        """Return the forms of every agent, the oldest first, to be kept."""
        return {agent: list(forms) for agent, forms in self._learnt.items()}

    def miss(self, speaker: str, near: NearMiss, at: float) -> None:
        """Take in that somebody was not understood to call an agent."""
        self._missed.pop(speaker, None)
        self._missed[speaker] = _Missed(near, at)
        _forget_oldest(self._missed, MOST_CANDIDATES)

    def name(self, speaker: str, agent: str, wish: Iterable[str], at: float) -> bool:
        """Take in that somebody called an agent by a name of it.

        Args:
            speaker: Id of who called.
            agent: Id of whom they called.
            wish: The other words; none when it was a bare name.
            at: When, in seconds on the conversation clock.

        Returns:
            Whether a form was learnt from it.

        """
        missed = self._missed.pop(speaker, None)
        if missed is None or missed.near.agent != agent or at - missed.at > REPEATED_WITHIN:
            return False
        return _is_repeated(missed.near.wish, frozenset(wish)) and self._confirm(missed.near, 1)

    def correct(self, near: NearMiss) -> bool:
        """Take in that people said the bot was meant; returns whether the form was learnt."""
        return self._confirm(near, TIMES)

    def _confirm(self, near: NearMiss, times: int) -> bool:
        key = near.agent, near.heard
        seen = self._candidates.pop(key, 0) + times
        if seen >= TIMES:
            return self._learn(near.agent, near.heard)
        self._candidates[key] = seen
        _forget_oldest(self._candidates, MOST_CANDIDATES)
        return False

    def _learn(self, agent: str, form: str) -> bool:
        forms = self._learnt.setdefault(agent, [])
        if form in forms:
            return False
        forms.append(form)
        del forms[:-MOST_FORMS]
        return True


def _is_repeated(missed: frozenset[str], named: frozenset[str]) -> bool:
    """Whether two wishes are the same, or one of them is only a call."""
    both = missed & named
    return len(both) >= _SAME_WISH * len(missed | named) or not (missed and named)


def _like(heard: str, names: Mapping[str, Sequence[str]]) -> str | None:
    """Return the agent whose name is most like a word, if any is."""
    likeness = [
        (Levenshtein.normalized_similarity(_joined(name), heard), agent)
        for agent, spoken in names.items()
        for name in spoken
    ]
    alike, agent = max(likeness, default=(0.0, ""))
    return agent if alike >= _ALIKE else None


def _joined(name: str) -> str:
    return "".join(word.text for word in split_words(name))


def _may_be_learnt(form: str) -> bool:
    return len(form) >= _SHORTEST and form.isalpha() and form not in _common_words()


@functools.cache
def _common_words() -> frozenset[str]:
    file = resources.files("pipeline") / "word_lists" / COMMON_WORDS
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


_Key = TypeVar("_Key")
_Entry = TypeVar("_Entry")


def _forget_oldest(entries: dict[_Key, _Entry], most: int) -> None:
    while len(entries) > most:
        del entries[next(iter(entries))]
