"""Sans-I/O: what happens in calls, told to whoever watches: captions, a dashboard, programs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from server.phone.calls.record import CallRecord
from server.phone.engines.engine import EngineEvent

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallChanged:
    """The call stands otherwise than before: the record says how."""


@dataclass(frozen=True, slots=True)
class CallOver:
    """Nothing follows in this call; its record stays as it is, until a message is written down."""


@dataclass(frozen=True, slots=True)
class MessageKept:
    """The message that a caller left in a call that is over was written down: see its record."""


CallEvent: TypeAlias = EngineEvent | CallChanged | CallOver | MessageKept
"""What happens in a call."""


@dataclass(frozen=True, slots=True)
class CallNews:
    """Something that happened in one call."""

    record: CallRecord
    """The call as it stands; without its transcript, which is in the store."""

    event: CallEvent
    at: float
    """In seconds on the calls' clock."""


class CallObserver(Protocol):
    """Somebody who watches calls. What it raises is logged, and costs nobody else anything."""

    def __call__(self, news: CallNews, /) -> None:
        """Take in what happened. Returns at once: it is called in the middle of the call."""


class CallEvents:
    """Tells observers what happens in all calls."""

    def __init__(self) -> None:
        self._observers: list[CallObserver] = []

    @contextmanager
    def watched_by(self, observer: CallObserver) -> Iterator[None]:
        """Let somebody watch until the block is left."""
        self._observers.append(observer)
        try:
            yield
        finally:
            self._observers.remove(observer)

    def tell(self, news: CallNews) -> None:
        """Let all observers know. Never fails."""
        for observer in tuple(self._observers):
            try:
                observer(news)
            except Exception:  # whoever watches must not break a call
                logger.exception("call:%s: somebody who watches it broke", news.record.id)
