"""Sans-I/O: one session after the other: set up, told what was said before, given up."""

from __future__ import annotations

import enum
import logging
from dataclasses import replace
from typing import Final, assert_never

from server.phone.config_providers import OpenAIConfig
from server.phone.engines.engine import EngineCall
from server.phone.engines.realtime import client_events as events
from server.phone.engines.realtime.briefing import (
    instructions as briefing,
)
from server.phone.engines.realtime.briefing import (
    session_settings,
    word_for_word,
)
from server.phone.engines.realtime.link import Link
from server.phone.engines.realtime.model_tools import ModelTools
from server.phone.engines.realtime.problems import Verdict, judge_error, refusal, wait_before
from server.phone.engines.realtime.server_events import (
    ErrorReported,
    ItemAdded,
    RateLimited,
    SessionReady,
)
from server.phone.engines.realtime.steps import Outbox, Reconnect, Send
from server.phone.engines.realtime.talk import Talk

logger = logging.getLogger(__name__)

LONGEST_HOLD: Final = 20.0
"""Seconds for which a rate limit is waited for; nobody listens to silence for longer."""

_BROKE = (
    "The line to you has broken for a moment. What the person said last, or what you were saying,"
    " may be cut off: go on from there, or ask them to say it again."
)


class Opening(enum.Enum):
    """How the first words stand."""

    WANTED = "wanted"
    ASKED_FOR = "asked for"
    OVER = "over"
    """They were heard, or interrupted, or there are none."""


class Sessions:
    """The sessions of one call.

    Args:
        call: What is known of it.
        config: What the user has set for OpenAI.
        outbox: Where steps go.
        talk: What is said in them.
        tools: What is done in them.

    """

    def __init__(
        self,
        call: EngineCall,
        config: OpenAIConfig,
        outbox: Outbox,
        talk: Talk,
        tools: ModelTools,
    ) -> None:
        self._call = call
        self._config = config
        self._outbox = outbox
        self._talk = talk
        self._tools = tools
        self._link = Link()
        self.opening = Opening.WANTED if call.opening else Opening.OVER
        """How the first words stand."""

        self.listening = True
        """Whether the caller is listened to, apart from first words that are protected."""

    @property
    def ready(self) -> bool:
        """Whether there is a session that is set up."""
        return self._link.ready

    def deadline(self, now: float) -> float | None:
        """Return when to :meth:`go_on`, if nothing happens before."""
        times = (
            self._talk.responses.deadline() if self.ready else None,
            self._link.deadline(now),
        )
        return min((time for time in times if time is not None), default=None)

    def connect(self, now: float) -> None:
        """Take in that a connection is open."""
        self._link.connect(now)
        settings = session_settings(self._call, self._config)
        self._outbox.send(events.update_session(self._outbox.new_id("session"), settings))

    def lose(self) -> None:
        """Take in that the connection is gone."""
        self._link.lose(unanswered=self._talk.lose())
        self._tools.lose()

    def update(self, instructions: str | None, voice: str | None) -> None:
        """Change what the model is told, or its voice, which takes another session."""
        if instructions is not None:
            self._call = replace(self._call, instructions=instructions)
        if voice is not None:
            self._call = replace(self._call, voice=voice)
            self._link.renew()
        elif instructions is not None and self.ready:
            told = {"instructions": briefing(self._call)}
            self._outbox.send(events.update_session(self._outbox.new_id("update"), told))

    def interrupt(self) -> None:
        """Take in that the caller speaks: first words that were begun are over."""
        if self.opening is Opening.ASKED_FOR:
            self.opening = Opening.OVER

    def hear(self, ulaw: bytes) -> str | None:
        """Take in the caller's sound; returns the event to be sent now, as text."""
        protected = self._call.protect_opening and self.opening is not Opening.OVER
        if protected or not self.listening:
            return None
        if not self.ready:
            self._link.keep(ulaw)
            return None
        self._talk.turns.send(len(ulaw))
        return events.append_sound(ulaw)

    def receive(
        self, event: SessionReady | ItemAdded | RateLimited | ErrorReported, now: float
    ) -> str | None:
        """Take in an event; returns why the call cannot go on, if so."""
        responses = self._talk.responses
        match event:
            case SessionReady():
                if self._link.confirm(now):
                    self._set_up(now)
            case ItemAdded(item_id):
                responses.receive_item(item_id)
            case RateLimited(reset):
                responses.hold(now + min(reset, LONGEST_HOLD))
            case ErrorReported():
                return self._receive_error(event, now)
            case _:
                assert_never(event)
        return None

    def go_on(self, now: float, *, quiet: bool) -> None:
        """Do what may be done now.

        Args:
            now: The time.
            quiet: Whether nothing is said or prepared.

        """
        if self.opening is Opening.ASKED_FOR and not self._talk.busy:
            self.opening = Opening.OVER
        reason = self._link.is_over(now, quiet=quiet)
        if self._talk.responses.is_stuck(now):
            reason = "it does not answer"
        if reason is not None:
            self._renew(reason)
        elif self.ready:
            self._talk.send_requests(now)

    def _set_up(self, now: float) -> None:
        """Begin to talk: from the beginning, or where another session has ended."""
        self._talk.replay()
        if self.opening is Opening.WANTED:
            self.opening = Opening.ASKED_FOR
            self._link.take_backlog()  # what was said before the first words is no answer to them
            self._talk.responses.want(word_for_word(self._call.opening))
        elif self._link.unanswered and self.listening:
            self._talk.add_note(_BROKE, now, ready=True)
            self._talk.responses.want()
        self._link.unanswered = False
        sound = self._link.take_backlog()
        if sound and (text := self.hear(sound)) is not None:
            self._outbox.put(Send(text))

    def _receive_error(self, error: ErrorReported, now: float) -> str | None:
        logger.info("OpenAI Realtime reports an error: %s", error.code or error.type)
        responses = self._talk.responses
        verdict = responses.receive_error(error.event_id, error.code, error.message, now)
        if not self.ready and (error.event_id or "").startswith("session_"):
            verdict = Verdict.HOPELESS
        match verdict or judge_error(error.type, error.code):
            case Verdict.HARMLESS:
                pass
            case Verdict.AGAIN:
                responses.hold(now + wait_before(1, error.message))
            case Verdict.NEW_SESSION:
                self._renew("it has expired")
            case Verdict.HOPELESS:
                return refusal(error.code, error.message)
            case other:
                assert_never(other)
        return None

    def _renew(self, reason: str) -> None:
        self._outbox.put(Reconnect(reason))
        self.lose()
