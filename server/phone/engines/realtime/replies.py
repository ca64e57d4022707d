"""Sans-I/O: what the model says, until it was heard or cut short."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from pipeline.word_times import WordTimes
from server.phone.audio.g711 import PHONE_RATE
from server.phone.engines.engine import AgentSaid

_ALL: Final = 0.02  # seconds that may be missing of what was heard: a frame


class Heard(Protocol):
    """Account of what was played; :class:`pipeline.ledger.PlaybackLedger` is one."""

    def seconds_played(self, number: int) -> float:
        """How much of a piece was heard."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound to be played."""

    piece: int
    ulaw: bytes


@dataclass(frozen=True, slots=True)
class CutShort:
    """What became of an item that was interrupted."""

    item_id: str
    heard_ms: int
    """At most what there is of it, rounded down, for more would be an error."""

    said: AgentSaid
    gone: bool
    """Whether it belongs to a session that is gone."""


@dataclass(slots=True)
class _Reply:
    item_id: str
    response_id: str
    piece: int
    began: float
    waited: float | None
    received: float = 0.0
    words: list[str] = field(default_factory=list)
    complete: bool = False
    gone: bool = False

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def said(self, heard_seconds: float, *, interrupted: bool) -> AgentSaid:
        text = heard = self.text
        if interrupted:
            # Words come with the sound: what there is of both belongs together.
            times = WordTimes()
            times.end(self.received)
            heard = text[: times.said(text, heard_seconds)].rstrip() if heard_seconds else ""
        return AgentSaid(self.began, text, heard, heard_seconds, interrupted, self.waited)


class Replies:
    """The items of the model's voice in one call, each a piece of playback."""

    def __init__(self) -> None:
        self._open: dict[str, _Reply] = {}
        self._dropped: set[str] = set()
        self._early_words: dict[str, list[str]] = {}
        self._unheard: list[str] = []
        self._pieces = 0

    @property
    def playing(self) -> bool:
        """Whether something is not heard to its end."""
        return bool(self._open)

    def is_new(self, item_id: str) -> bool:
        """Return whether nothing was said yet of an item."""
        return item_id not in self._open

    def unfinished(self) -> list[tuple[float, str]]:
        """Return the words that are not heard to their end, and when they began."""
        return [(reply.began, reply.text) for reply in self._open.values()]

    def spoke(self, response_id: str) -> bool:
        """Return whether a response has said something that is not heard to its end."""
        return any(reply.response_id == response_id for reply in self._open.values())

    def add_sound(
        self, response_id: str, item_id: str, ulaw: bytes, now: float, waited: float | None
    ) -> Sound | None:
        """Take in more of the model's voice.

        Returns:
            What is to be played; ``None`` when it was interrupted.

        """
        if response_id in self._dropped:
            return None
        reply = self._open.get(item_id)
        if reply is None:
            self._pieces += 1
            reply = _Reply(item_id, response_id, self._pieces, now, waited)
            reply.words += self._early_words.pop(item_id, [])
            self._open[item_id] = reply
        reply.received += len(ulaw) / PHONE_RATE
        return Sound(reply.piece, ulaw)

    def add_words(self, response_id: str, item_id: str, text: str) -> None:
        """Take in more of the model's words, which may come before their sound."""
        if response_id in self._dropped:
            return
        reply = self._open.get(item_id)
        words = self._early_words.setdefault(item_id, []) if reply is None else reply.words
        words.append(text)

    def end_sound(self, item_id: str) -> None:
        """Take in that an item is complete."""
        if (reply := self._open.get(item_id)) is not None:
            reply.complete = True

    def end_response(self, response_id: str) -> None:
        """Take in that a response is over: nothing more of it will come."""
        self._dropped.discard(response_id)
        self._early_words.clear()
        for reply in self._open.values():
            reply.complete = reply.complete or reply.response_id == response_id

    def end_all(self) -> None:
        """Take in that the session is gone: nothing more of anything will come."""
        self._dropped.clear()
        self._early_words.clear()
        self._unheard.clear()
        for reply in self._open.values():
            reply.complete = reply.gone = True

    def drop(self, response_id: str | None) -> None:
        """Play nothing more of a response that is being made."""
        if response_id is not None:
            self._dropped.add(response_id)

    def settle(self, heard: Heard) -> list[AgentSaid]:
        """Take out what was heard to its end."""
        done = [reply for reply in self._open.values() if self._left(reply, heard) == 0.0]
        for reply in done:
            del self._open[reply.item_id]
        return [reply.said(heard.seconds_played(reply.piece), interrupted=False) for reply in done]

    def cut_short(self, heard: Heard) -> list[CutShort]:
        """Take out everything: playback was stopped, and no more is played than was."""
        cut = []
        for reply in self._open.values():
            seconds = min(heard.seconds_played(reply.piece), reply.received)
            milliseconds = min(round(seconds * 1000), int(reply.received * 1000))
            said = reply.said(seconds, interrupted=True)
            cut.append(CutShort(reply.item_id, milliseconds, said, reply.gone))
            if milliseconds == 0 and not reply.gone:
                self._unheard.append(reply.item_id)
        self._open.clear()
        return cut

    def take_unheard(self) -> list[str]:
        """Take out the items of which nothing was heard, for the model to forget them."""
        unheard, self._unheard = self._unheard, []
        return unheard

    def seconds_left(self, heard: Heard) -> float | None:
        """Return how long until something is heard to its end; ``None`` when nothing will be."""
        left = [self._left(reply, heard) for reply in self._open.values()]
        return min((seconds for seconds in left if seconds is not None), default=None)

    @staticmethod
    def _left(reply: _Reply, heard: Heard) -> float | None:
        if not reply.complete:
            return None
        left = reply.received - heard.seconds_played(reply.piece)
        return left if left > _ALL else 0.0
