"""Sans-I/O: one call as messages in a channel, which follow it while it goes on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from discord_bot import call_texts
from discord_bot.telephone import (
    Activity,
    CallNews,
    CallStage,
    Changed,
    Heard,
    Over,
    PhoneCall,
    Said,
)

INTERVAL: Final = 1.2
"""Seconds between one message or edit and the next: Discord takes five in five seconds, of all
that happens in a channel."""

LONGEST_MESSAGE: Final = 2000
_LONGEST_PAGE: Final = LONGEST_MESSAGE - 500
"""Characters of a message that lines fill; the rest is for what stands below them and changes."""

_PAUSES: Final = (3.0, 10.0, 30.0)
"""Seconds to wait after each message in a row that could not be written; after that, no more."""


@dataclass(frozen=True, slots=True)
class Write:
    """A message to be written, or changed."""

    page: int
    """Its number, from 0: the one after the last is new."""

    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    at: float
    text: str


class Captions:
    """The messages about one call.

    Feed it news, write what :meth:`next_write` returns, and tell it what came of that; ask again
    at :meth:`deadline`, and after each news. Messages that are full are left alone: what is told
    late stands at its place by the time only in the last one. All times are seconds on one clock,
    but those of news, which have a clock of their own.

    Args:
        call: The call as it stands first.

    """

    def __init__(self, call: PhoneCall) -> None:
        self._call = call
        self._activity = Activity.LISTENING
        self._heard = ""
        self._pages: list[list[_Line]] = [[_Line(float("-inf"), call_texts.title(call))]]
        self._last = call_texts.standing(call, self._activity)
        self._posted: list[str] = []
        self._due = 0.0
        self._failures = 0
        self._over = False

    @property
    def is_done(self) -> bool:
        """Whether nothing is to be written any more."""
        given_up = self._failures > len(_PAUSES)
        return given_up or (self._over and self._pending() is None)

    def receive(self, news: CallNews) -> None:
        """Take in what happened in the call."""
        if self._over:
            return
        before, self._call = self._call.stage, news.call
        match news.event:
            case Activity():
                self._activity = news.event
            case Heard(text):
                self._heard = text
            case Said(by_agent=False):
                self._heard = ""
            case _:
                pass
        for line in _lines(before, news):
            self._add(line)
        self._over = isinstance(news.event, Over)
        self._last = ""
        if not self._over:
            self._last = call_texts.standing(self._call, self._activity, self._heard)

    def break_off(self) -> None:
        """Take in that nobody can follow the call any more, though it goes on."""
        if not self._over:
            self._over = True
            self._due = 0.0
            self._last = call_texts.GOING_OFFLINE

    def next_write(self, now: float) -> Write | None:
        """Return what to write now, if anything; tell what came of it before asking again."""
        return None if now < self._due or self.is_done else self._pending()

    def deadline(self) -> float | None:
        """Return when to ask for the next message; ``None`` when only news bring one."""
        return None if self.is_done or self._pending() is None else self._due

    def receive_written(self, write: Write, now: float) -> None:
        """Take in that a message was written."""
        self._posted[write.page :] = [write.text, *self._posted[write.page + 1 :]]
        self._failures = 0
        self._due = now + INTERVAL

    def receive_failure(self, now: float) -> None:
        """Take in that a message could not be written; it is tried again a few times."""
        self._due = now + _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1

    def receive_refusal(self) -> None:
        """Take in that nothing can be written there: the channel is gone, or not for us."""
        self._failures = len(_PAUSES) + 1

    def _add(self, line: _Line) -> None:
        page = self._pages[-1]
        page.insert(bisect_right(page, line.at, key=lambda one: one.at), line)
        while _is_too_long(page):
            moved: list[_Line] = []
            while _is_too_long(page):
                moved.insert(0, page.pop())
            self._pages.append(moved)
            page = moved

    def _pending(self) -> Write | None:
        """Return the first message that is not as it should be."""
        for number, page in enumerate(self._pages):
            is_last = number == len(self._pages) - 1
            text = "\n".join(filter(None, (_text(page), self._last if is_last else "")))
            if number == len(self._posted) or self._posted[number] != text:
                return Write(number, text)
        return None


def _lines(before: CallStage, news: CallNews) -> Iterator[_Line]:
    """Return what news add to the messages about a call.

    Args:
        before: How the call stood.
        news: They.

    """
    waits = CallStage.AGAIN_LATER
    if news.call.stage is waits and before is not waits:
        yield _Line(news.at, call_texts.failed_attempt(news.call))
    match news.event:
        case Said():
            for text in call_texts.said(news.call, news.event):
                yield _Line(news.event.at, text)
        case Over():
            for text in call_texts.ending(news.call.result):
                yield _Line(float("inf"), text)
        case Activity() | Heard() | Changed():
            pass
        case _:
            assert_never(news.event)


def _is_too_long(page: list[_Line]) -> bool:
    return len(page) > 1 and len(_text(page)) > _LONGEST_PAGE


def _text(page: list[_Line]) -> str:
    return "\n".join(line.text for line in page)
