"""Sans-I/O: one telephone call with a Realtime model.

Tell :class:`RealtimeProtocol` what the session and the caller say, and when; after each call take
out the steps to be done, and set a timer for :meth:`RealtimeProtocol.deadline`.
"""

from __future__ import annotations

import logging
from typing import Any, Final, assert_never

from pipeline.word_times import USUAL_PACE
from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import EndReason
from server.phone.calls.watch import SayGoodbye
from server.phone.config_providers import OpenAIConfig
from server.phone.engines.engine import EngineCall, EngineEnd
from server.phone.engines.realtime import client_events as events
from server.phone.engines.realtime.briefing import (
    GOODBYE,
    STILL_THERE,
    word_for_word,
)
from server.phone.engines.realtime.keys import Keys
from server.phone.engines.realtime.model_tools import ModelTools
from server.phone.engines.realtime.problems import Verdict, refusal
from server.phone.engines.realtime.replies import Heard
from server.phone.engines.realtime.server_events import (
    CallerTranscribed,
    ErrorReported,
    ItemAdded,
    MalformedEventError,
    RateLimited,
    ResponseCreated,
    ResponseDone,
    SessionReady,
    SoundAdded,
    SoundEnded,
    SpeechStarted,
    SpeechStopped,
    WordsAdded,
    read_event,
)
from server.phone.engines.realtime.sessions import Opening, Sessions
from server.phone.engines.realtime.silence import Silence
from server.phone.engines.realtime.steps import End, Outbox, Step
from server.phone.engines.realtime.talk import Talk

logger = logging.getLogger(__name__)

Json = dict[str, Any]

LAST_WORDS: Final = 30.0
"""Seconds after which a call that is to end does so, whatever is still to be heard."""

SOON: Final = 0.02
"""Seconds between looks at whether something was heard to its end."""


class RealtimeProtocol:
    """The call.

    Args:
        call: What is known of it.
        config: What the user has set for OpenAI.
        limits: How long nobody may say anything.
        patience: Seconds for which the model waits for OpenClaw's answer.
        now: The time.

    """

    def __init__(
        self,
        call: EngineCall,
        config: OpenAIConfig,
        limits: LimitsConfig,
        patience: float,
        now: float,
    ) -> None:
        self._outbox = Outbox()
        self._keys = Keys()
        by_silence = config.turn_detection == "server_vad"
        self._talk = Talk(self._outbox, config.silence if by_silence else 0.0)
        self._responses = self._talk.responses
        self._tools = ModelTools(self._outbox, self._responses, self._talk.memory, patience)
        self._sessions = Sessions(call, config, self._outbox, self._talk, self._tools)
        self._ending: EngineEnd | None = None
        self._ends_by = 0.0
        self._silence = Silence(limits, now)

    def next_step(self) -> Step | None:
        """Take the next thing to do, or ``None``."""
        return self._outbox.take()

    def deadline(self, heard: Heard, now: float) -> float | None:
        """Return when to call :meth:`handle_timer`, if nothing happens before."""
        if self._outbox.ended:
            return None
        left = self._talk.seconds_left(heard)
        times = (
            None if left is None else now + max(left, SOON),
            self._tools.deadline(),
            self._keys.deadline(),
            self._sessions.deadline(now),
            self._silence.deadline() if self._ending is None else self._ends_by,
        )
        return min((time for time in times if time is not None), default=None)

    # The connection

    def connect(self, now: float) -> None:
        """Take in that a connection is open."""
        self._sessions.connect(now)
        self._go_on(now)

    def disconnect(self, now: float) -> None:
        """Take in that the connection is gone; another one shall be opened."""
        self._sessions.lose()
        self._go_on(now)

    def fail(self, error: str) -> None:
        """Take in that no connection can be had."""
        self._end(self._ending or EngineEnd(EndReason.ENGINE, error=error))

    def receive(self, text: str | bytes, now: float) -> None:
        """Take in a message of the session; one that is not as documented changes nothing."""
        try:
            event = read_event(text)
        except MalformedEventError as error:
            logger.warning("an event of OpenAI Realtime is ignored: %s", error)
            return
        match event:
            case None:
                return
            case SpeechStarted() | SpeechStopped() | CallerTranscribed():
                self._receive_caller(event, now)
            case ResponseCreated() | ResponseDone():
                self._receive_response(event, now)
            case SoundAdded() | WordsAdded() | SoundEnded():
                self._talk.receive_speech(event, now)
            case SessionReady() | ItemAdded() | RateLimited() | ErrorReported():
                if (refused := self._sessions.receive(event, now)) is not None:
                    self.fail(refused)
            case _:
                assert_never(event)
        self._go_on(now)

    # The caller

    def hear(self, ulaw: bytes) -> str | None:
        """Take in the caller's sound; returns the event to be sent now, as text."""
        return self._sessions.hear(ulaw)

    def press(self, digit: str, now: float) -> None:
        """Take in a key that the caller has pressed."""
        self._keys.press(digit, now)
        self._silence.update(now, caller=True, agent=False)
        self._go_on(now)

    def receive_stopped(self, heard: Heard, now: float) -> None:
        """Take in that playback was stopped, and what was heard."""
        self._talk.receive_stopped(heard, ready=self._sessions.ready)
        self._go_on(now)

    # The rest of the telephone

    def say(self, text: str, now: float, *, interrupt: bool) -> None:
        """Say something as it is, as soon as nobody speaks."""
        if interrupt:
            self._talk.break_off()
        self._responses.want(word_for_word(text))
        self._go_on(now)

    def inform(self, text: str, now: float) -> None:
        """Let the model know something."""
        self._talk.add_note(text, now, ready=self._sessions.ready)
        self._go_on(now)

    def update(self, instructions: str | None, voice: str | None, now: float) -> None:
        """Change what the model is told, or its voice, which takes another session."""
        self._sessions.update(instructions, voice)
        self._go_on(now)

    def finish(self, words: str, reason: EndReason, now: float) -> None:
        """Break off, listen no more, say these words as they are, and end."""
        if self._ending is not None:
            return
        self._finish(EngineEnd(reason), word_for_word(words) if words else None, now)
        self._ends_by += len(words) * USUAL_PACE
        self._go_on(now)

    def receive_result(self, call_id: str, text: str, now: float) -> None:
        """Take in what came of a :class:`~server.phone.engines.realtime.steps.UseTool`."""
        self._tools.receive_result(call_id, text, now, ready=self._sessions.ready)
        self._go_on(now)

    def hang_up(self) -> None:
        """Take in that the caller is gone, or that the call is broken off."""
        self._end(self._ending or EngineEnd(EndReason.HUNG_UP))

    # Time

    def handle_timer(self, heard: Heard, now: float) -> None:
        """Let time pass."""
        self._talk.settle(heard)
        if digits := self._keys.take(now):
            note = f"The person has pressed keys on their telephone: {digits}"
            self._talk.add_note(note, now, ready=self._sessions.ready)
            self._responses.want()
        self._tools.handle_timer(now, silent=not (self._talk.busy or self._talk.turns.speaking))
        self._go_on(now)
        self._watch_silence(now)

    # Inside

    def _receive_caller(
        self, event: SpeechStarted | SpeechStopped | CallerTranscribed, now: float
    ) -> None:
        if self._ending is not None and isinstance(event, SpeechStarted):
            return  # it was said before we stopped listening
        self._talk.receive_caller(event, now)
        if isinstance(event, SpeechStarted):
            self._sessions.interrupt()

    def _receive_response(self, event: ResponseCreated | ResponseDone, now: float) -> None:
        match event:
            case ResponseCreated():
                self._talk.begin_response(event, last_words=self._ending is not None)
            case ResponseDone(response_id):
                spoke = self._talk.end_response(response_id)
                if self._responses.receive_done(event, now) is Verdict.HOPELESS:
                    self.fail(refusal(event.code, event.message))
                elif event.status == "completed":
                    self._call_functions(event, now, announced=spoke)
            case _:
                assert_never(event)

    def _call_functions(self, done: ResponseDone, now: float, *, announced: bool) -> None:
        for function in done.calls:
            end = self._tools.call(function, now, announced=announced)
            if end is not None and self._ending is None:
                self._begin_end(EngineEnd(EndReason.AGENT, end.reason), now)

    def _finish(self, end: EngineEnd, last_words: Json | None, now: float) -> None:
        self._begin_end(end, now)
        self._talk.break_off()
        if self._sessions.ready:
            self._outbox.send(events.clear_sound())
        if last_words is not None:
            self._responses.want(last_words)

    def _begin_end(self, end: EngineEnd, now: float) -> None:
        self._ending = end
        self._ends_by = now + LAST_WORDS
        self._responses.clear()
        self._sessions.listening = False

    def _watch_silence(self, now: float) -> None:
        """Ask whether somebody is there, and at last say goodbye."""
        for action in self._silence.step(now) if self._ending is None else ():
            if isinstance(action, SayGoodbye):
                self._finish(EngineEnd(action.reason), GOODBYE, now)
            else:
                self._responses.want(STILL_THERE)
        self._go_on(now)

    def _end(self, end: EngineEnd) -> None:
        self._talk.flush()
        self._outbox.put(End(end))

    def _go_on(self, now: float) -> None:
        """Do what may be done now."""
        works = self._talk.busy or self._tools.waiting
        speaks = self._talk.turns.speaking
        self._silence.update(now, caller=speaks, agent=works or not self._sessions.ready)
        if self._ending is not None and (now >= self._ends_by or not self._talk.busy):
            self._end(self._ending)
        else:
            self._sessions.go_on(now, quiet=not (works or speaks))
            if self._sessions.ready:
                opening = self._sessions.opening is Opening.ASKED_FOR
                self._talk.show_phase(opening=opening, working=self._tools.waiting)
