"""Sans-I/O: the model's answers, of which there is one at a time.

The end of the caller's turn lets the model answer by itself. What we ask for (the first words, an
answer to what a function gave) waits until no answer is being made and the caller is silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from server.phone.engines.realtime.client_events import create_response
from server.phone.engines.realtime.problems import Verdict, judge_response, wait_before
from server.phone.engines.realtime.server_events import ResponseCreated, ResponseDone

Json = dict[str, Any]

MOST_FAILURES: Final = 4
"""Responses that fail in a row, at which the call is given up."""

OWN_ANSWER: Final = 1.0
"""Seconds after the caller's turn in which the model begins to answer by itself."""

UNANSWERED: Final = 15.0
"""Seconds until a response that was asked for has to begin; else the session is broken."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A response that we want."""

    parameters: Json | None = None
    """``None``: the model goes on with the conversation, in whichever response."""

    items: frozenset[str] = frozenset()
    """Items of ours to be answered that the conversation does not have yet."""


@dataclass(frozen=True, slots=True)
class _Request:
    event_id: str
    wanted: Wanted
    at: float
    unwanted: bool = False
    """Whether it is no longer wanted, and is to be broken off when it begins."""


class Responses:
    """The responses of one call."""

    def __init__(self) -> None:
        self._wanted: list[Wanted] = []
        self._requested: _Request | None = None
        self._running: Wanted | None = None
        self._number = 0
        self._failures = 0
        self._not_before = 0.0
        self._caller_speaks = False
        self.active: str | None = None
        """Id of the response that is being made."""

    @property
    def busy(self) -> bool:
        """Whether a response is being made, or asked for, or wanted."""
        return bool(self.active or self._requested or self._wanted)

    def want(self, parameters: Json | None = None, *, items: Iterable[str] = ()) -> None:
        """Ask for a response as soon as it can be; without parameters one answers everything."""
        wanted = Wanted(parameters, frozenset(items))
        for index, other in enumerate(self._wanted):
            if parameters is None and other.parameters is None:
                self._wanted[index] = Wanted(None, other.items | wanted.items)
                return
        self._wanted.append(wanted)

    def clear(self) -> None:
        """Want nothing any more, and wait no longer for the caller to finish."""
        self._wanted.clear()
        self._caller_speaks = False
        if self._requested is not None:
            self._requested = replace(self._requested, unwanted=True)

    def hold(self, until: float) -> None:
        """Ask for nothing before a moment."""
        self._not_before = max(self._not_before, until)

    def caller_speaks(self) -> None:
        """Take in that the caller has begun: their turn will be answered anyhow."""
        self._caller_speaks = True

    def caller_finished(self, now: float) -> None:
        """Take in that the caller has finished."""
        self._caller_speaks = False
        self.hold(now + OWN_ANSWER)

    def receive_item(self, item_id: str) -> None:
        """Take in that an item is in the conversation: what begins now takes it into account."""
        self._wanted = [replace(one, items=one.items - {item_id}) for one in self._wanted]

    def receive_created(self, created: ResponseCreated) -> bool:
        """Take in that a response begins.

        Returns:
            Whether it is still wanted.

        """
        self.active = created.response_id
        self._running = Wanted()
        self._wanted = [one for one in self._wanted if one.parameters is not None or one.items]
        requested = self._requested
        if requested is None or created.request != requested.event_id:
            return True
        self._running, self._requested = requested.wanted, None
        return not requested.unwanted

    def receive_done(self, done: ResponseDone, now: float) -> Verdict | None:
        """Take in that a response is over.

        Returns:
            ``None`` when it has not failed; ``AGAIN`` when it will be tried again.

        """
        if done.response_id != self.active:
            return None
        running, self._running, self.active = self._running or Wanted(), None, None
        if done.status != "failed":
            if done.status == "completed":
                self._failures = 0
            return None
        return self._fail(running, done.code, done.message, now)

    def receive_error(
        self, event_id: str | None, code: str | None, message: str, now: float
    ) -> Verdict | None:
        """Take in that an event was refused.

        Returns:
            ``None`` when it was not one of ours here.

        """
        requested = self._requested
        if requested is None or event_id != requested.event_id:
            return None
        self._requested = None
        if self.active is not None or code == "conversation_already_has_active_response":
            self._wanted.insert(0, requested.wanted)
            self.hold(now + OWN_ANSWER / 4)
            return Verdict.HARMLESS
        return self._fail(requested.wanted, code, message, now)

    def lose(self) -> bool:
        """Take in that the session is gone.

        Returns:
            Whether something was being made, or about to be, that has to be made again.

        """
        lost = self._requested.wanted if self._requested is not None else self._running
        if lost is not None and lost.parameters is not None and self._requested is not None:
            self._wanted.insert(0, lost)
            lost = None
        unanswered = lost is not None or self._caller_speaks
        self._requested = self._running = self.active = None
        self._caller_speaks = False
        self._wanted = [replace(one, items=frozenset()) for one in self._wanted]
        return unanswered

    def next_request(self, now: float) -> Json | None:
        """Return the event that asks for the next response, once it is time."""
        if not self._wanted or not self._free or now < self._not_before:
            return None
        self._number += 1
        self._requested = _Request(f"response_{self._number}", self._wanted.pop(0), now)
        return create_response(self._requested.event_id, self._requested.wanted.parameters)

    def deadline(self) -> float | None:
        """Return when to ask again by :meth:`next_request`, or :meth:`is_stuck`."""
        if self._requested is not None:
            return self._requested.at + UNANSWERED
        return self._not_before if self._wanted and self._free else None

    def is_stuck(self, now: float) -> bool:
        """Return whether what was asked for does not begin."""
        return self._requested is not None and now >= self._requested.at + UNANSWERED

    @property
    def _free(self) -> bool:
        return self.active is None and self._requested is None and not self._caller_speaks

    def _fail(self, wanted: Wanted, code: str | None, message: str, now: float) -> Verdict:
        self._failures += 1
        if self._failures >= MOST_FAILURES or judge_response(code) is Verdict.HOPELESS:
            return Verdict.HOPELESS
        if wanted.parameters is None:
            self.want()
        else:
            self._wanted.insert(0, wanted)
        self.hold(now + wait_before(self._failures, message))
        return Verdict.AGAIN
