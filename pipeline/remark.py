"""An utterance taken apart for the question whom it was said to.

Sans I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.dialogue_acts import AUXILIARIES, goes_on, is_nod, is_question, is_request
from pipeline.interfaces import Participant
from pipeline.names import Likeness, Mention, NameFinder, Word, split_words
from pipeline.vocative import FILLERS, SUBJECTS, WH_WORDS, call_position

_SHORTEST_FIRST_NAME = 3
_NO_FIRST_NAMES = FILLERS | SUBJECTS | WH_WORDS | AUXILIARIES


@dataclass(frozen=True)
class Remark:
    """Words, and who is named in them."""

    text: str
    words: Sequence[Word]
    others: Sequence[Participant]
    """People present besides the speaker."""

    people: Sequence[Mention]
    """Mentions of them."""

    agents: Sequence[Mention]
    """Mentions of agents; what is exactly a person's name is theirs."""

    @classmethod
    def read(cls, text: str, others: Sequence[Participant], finder: NameFinder) -> Remark:
        """Take an utterance apart.

        Args:
            text: What was said.
            others: People present besides the speaker.
            finder: Knows the agents' names.

        """
        words = split_words(text)
        names = {person.id: called(person) for person in others}
        people = NameFinder(names, misheard=False).find(words)
        taken = {index for who in people for index in range(who.start, who.end)}
        agents = [
            mention
            for mention in finder.find(words)
            if mention.likeness is Likeness.EXACT
            or taken.isdisjoint(range(mention.start, mention.end))
        ]
        return cls(text, words, others, people, agents)

    @property
    def call(self) -> Mention | None:
        """The mention by which an agent is called."""
        return next((it for it in self.agents if call_position(self.words, it)), None)

    @property
    def called_person(self) -> Mention | None:
        """The mention by which a person is called."""
        return next((it for it in self.people if call_position(self.words, it)), None)

    @cached_property
    def is_nod(self) -> bool:
        """Whether it only keeps someone else talking."""
        return is_nod(self.words)

    @cached_property
    def goes_on(self) -> bool:
        """Whether it only makes sense after what was said before: "and in Paris"."""
        return goes_on(self.words)

    @cached_property
    def is_request(self) -> bool:
        """Whether it asks for something to be done."""
        return is_request(self.words)

    @cached_property
    def is_question(self) -> bool:
        """Whether it asks something."""
        return is_question(self.words, marked=is_marked(self.text))


def is_marked(text: str) -> bool:
    """Whether the last mark of a text is a question mark."""
    return text.rstrip(" \"'\u201d\u2019)").endswith(("?", "\uff1f"))


def called(person: Participant) -> tuple[str, ...]:
    """Return what people may call someone: the display name, or its first word."""
    words = [word.text for word in split_words(person.name)]
    names = [person.name] if len(words) > 1 else []
    if words and len(words[0]) >= _SHORTEST_FIRST_NAME and words[0] not in _NO_FIRST_NAMES:
        names.append(words[0])
    return tuple(names)
