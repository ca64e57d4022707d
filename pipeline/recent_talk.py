"""What was said just before, as far as it tells who the next words are meant for.

Sans I/O.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.interfaces import Participant

MOST_PEOPLE = 32
"""People about whom something is remembered; whose is the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The last thing between one person and the bot: a reply to them, or their call."""

    speaker: str
    """Id of the person."""

    agent: str
    """Id of the agent."""

    end: float
    """When it ended, in seconds on the conversation clock; infinite while the bot speaks."""

    asked: bool = False
    """The reply ended in a question."""

    called: bool = False
    """The person called the agent, and has not said what they want."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Somebody's last words to other people."""

    speaker: Participant
    start: float
    end: float


_Entry = TypeVar("_Entry")


class _Latest(Generic[_Entry]):
    """The latest entry of each of a limited number of people, in the order of coming in."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def put(self, speaker: str, entry: _Entry) -> None:
        self._entries.pop(speaker, None)
        self._entries[speaker] = entry
        if len(self._entries) > MOST_PEOPLE:
            del self._entries[next(iter(self._entries))]

    def get(self, speaker: str) -> _Entry | None:
        return self._entries.get(speaker)

    def all(self) -> list[_Entry]:
        return list(self._entries.values())

    def drop(self, speaker: str) -> None:
        self._entries.pop(speaker, None)


class RecentTalk:
    """Everyone's last exchange with the bot, and last words to other people."""

    def __init__(self) -> None:
        self._exchanges: _Latest[Exchange] = _Latest()
        self._talk: _Latest[Talk] = _Latest()

    def receive_exchange(self, exchange: Exchange) -> None:
        """Remember an exchange; the bot speaks to one person at a time."""
        for other in self._exchanges.all():
            if other.end == math.inf:
                self._exchanges.drop(other.speaker)
        self._exchanges.put(exchange.speaker, exchange)

    def receive_talk(self, talk: Talk) -> None:
        """Remember words to other people."""
        self._talk.put(talk.speaker.id, talk)

    def exchange(self, speaker: str) -> Exchange | None:
        """Return somebody's last exchange with the bot."""
        return self._exchanges.get(speaker)

    def talk(self, speaker: str) -> Talk | None:
        """Return somebody's last words to other people."""
        return self._talk.get(speaker)

    def talked(self, people: Iterable[Participant], *, after: float, before: float) -> bool:
        """Return whether any of some people began to talk with others between two times."""
        talks = (self._talk.get(person.id) for person in people)
        return any(talk is not None and after < talk.start < before for talk in talks)

    def floor(self) -> Exchange | None:
        """Return the bot's last reply, unless people have talked with each other since."""
        replies = [exchange for exchange in self._exchanges.all() if not exchange.called]
        reply = max(replies, key=lambda exchange: exchange.end, default=None)
        if reply is None or any(talk.end > reply.end for talk in self._talk.all()):
            return None
        return reply

    def answered(
        self, people: Iterable[Participant], start: float, *, within: float
    ) -> Participant | None:
        """Return who talked to others so shortly before ``start`` that it may be an answer."""
        for person in people:
            talk = self._talk.get(person.id)
            if talk and talk.start < start <= talk.end + within:
                return person
        return None
