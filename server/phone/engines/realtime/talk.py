"""Sans-I/O: who speaks: the caller's turns, the model's answers, and interruptions."""

from __future__ import annotations

from typing import assert_never

from server.phone.calls.status import CallPhase
from server.phone.engines.engine import AgentSaid, CallerSpeaks, PhaseChanged
from server.phone.engines.realtime import client_events as events
from server.phone.engines.realtime.caller_turns import CallerTurns
from server.phone.engines.realtime.memory import Memory
from server.phone.engines.realtime.replies import Heard, Replies
from server.phone.engines.realtime.responses import Responses
from server.phone.engines.realtime.server_events import (
    CallerTranscribed,
    ResponseCreated,
    SoundAdded,
    SoundEnded,
    SpeechStarted,
    SpeechStopped,
    WordsAdded,
)
from server.phone.engines.realtime.steps import Outbox, StopSound


class Talk:
    """What is said in one call, over all its sessions.

    Args:
        outbox: Where steps go.
        silence: Seconds of silence that end the caller's turn, where that is how it ends.

    """

    def __init__(self, outbox: Outbox, silence: float = 0.0) -> None:
        self._outbox = outbox
        self._replies = Replies()
        self._phase: CallPhase | None = None
        self.responses = Responses()
        self.turns = CallerTurns(silence)
        self.memory = Memory()

    @property
    def busy(self) -> bool:
        """Whether the agent speaks, or prepares to."""
        return self.responses.busy or self._replies.playing

    def receive_caller(
        self, event: SpeechStarted | SpeechStopped | CallerTranscribed, now: float
    ) -> None:
        """Take in what the session hears of the caller; who speaks interrupts."""
        match event:
            case SpeechStarted(item_id, at_ms):
                self._outbox.tell(CallerSpeaks(self.turns.start(item_id, at_ms, now)))
                self.responses.caller_speaks()
                self._interrupt()
            case SpeechStopped(item_id, at_ms):
                self.turns.stop(item_id, at_ms, now)
                self.responses.caller_finished(now)
            case CallerTranscribed(item_id, text):
                if (said := self.turns.transcribe(item_id, text)) is not None:
                    self._outbox.tell(said)
                    self.memory.add(said.at, "user", text)
            case _:
                assert_never(event)

    def receive_speech(self, event: SoundAdded | WordsAdded | SoundEnded, now: float) -> None:
        """Take in what the model says."""
        match event:
            case SoundAdded(response_id, item_id, ulaw):
                waited = self.turns.waited(now) if self._replies.is_new(item_id) else None
                sound = self._replies.add_sound(response_id, item_id, ulaw, now, waited)
                if sound is not None:
                    self._outbox.put(sound)
            case WordsAdded(response_id, item_id, text):
                self._replies.add_words(response_id, item_id, text)
            case SoundEnded(item_id):
                self._replies.end_sound(item_id)
            case _:
                assert_never(event)

    def begin_response(self, created: ResponseCreated, *, last_words: bool) -> None:
        """Take in that a response begins.

        Args:
            created: The event.
            last_words: Whether only what we have asked for shall be said.

        """
        wanted = self.responses.receive_created(created)
        if not wanted or (last_words and created.request is None):
            self._cancel(created.response_id)

    def end_response(self, response_id: str) -> bool:
        """Take in that a response is over; returns whether something was said in it."""
        spoke = self._replies.spoke(response_id)
        self._replies.end_response(response_id)
        return spoke

    def break_off(self) -> None:
        """Stop what the model says."""
        if self.responses.active is not None:
            self._cancel(self.responses.active)
        self._interrupt()

    def receive_stopped(self, heard: Heard, *, ready: bool) -> None:
        """Take in that playback was stopped, and what was heard; the model is told.

        Args:
            heard: The account.
            ready: Whether there is a session now.

        """
        for cut in self._replies.cut_short(heard):
            if cut.heard_ms and ready and not cut.gone:
                event_id = self._outbox.new_id("truncate")
                self._outbox.send(events.truncate_item(event_id, cut.item_id, cut.heard_ms))
            self._tell_said(cut.said)

    def settle(self, heard: Heard) -> None:
        """Tell what was heard to its end."""
        for said in self._replies.settle(heard):
            self._tell_said(said)

    def seconds_left(self, heard: Heard) -> float | None:
        """Return how long until something is heard to its end, where that is known."""
        return self._replies.seconds_left(heard)

    def lose(self) -> bool:
        """Take in that the session is gone; returns whether something is left unanswered."""
        self._replies.end_all()
        self.turns.begin_session()
        self.flush()
        return self.responses.lose()

    def flush(self) -> None:
        """Tell of turns whose words will not come any more."""
        for said in self.turns.untranscribed():
            self._outbox.tell(said)

    def replay(self) -> None:
        """Tell a new session what was said before."""
        prefix = self._outbox.new_id("past")
        for event in self.memory.to_events(prefix):
            self._outbox.send(event)
        for _, words in self._replies.unfinished():
            item_id = self._outbox.new_id("past")
            self._outbox.send(events.add_message(item_id, "assistant", words))

    def add_note(self, text: str, now: float, *, ready: bool) -> None:
        """Let the model know something, in all sessions to come too."""
        self.memory.add(now, "system", text)
        if ready:
            item_id = self._outbox.new_id("note")
            self._outbox.send(events.add_message(item_id, "system", text))

    def send_requests(self, now: float) -> None:
        """Ask for what may be asked for now."""
        if self.responses.active is None:
            for item_id in self._replies.take_unheard():
                self._outbox.send(events.delete_item(self._outbox.new_id("delete"), item_id))
        if (request := self.responses.next_request(now)) is not None:
            self._outbox.send(request)

    def show_phase(self, *, opening: bool, working: bool) -> None:
        """Tell what goes on in the call, when that has changed.

        Args:
            opening: Whether the first words are not heard to their end.
            working: Whether a tool is awaited.

        """
        if opening:
            phase = CallPhase.GREETING
        elif self._replies.playing:
            phase = CallPhase.SPEAKING
        else:
            thinks = working or self.responses.busy
            phase = CallPhase.THINKING if thinks else CallPhase.LISTENING
        if phase is not self._phase:
            self._phase = phase
            self._outbox.tell(PhaseChanged(phase))

    def _interrupt(self) -> None:
        self._replies.drop(self.responses.active)
        if self._replies.playing:
            self._outbox.put(StopSound())

    def _cancel(self, response_id: str) -> None:
        self._replies.drop(response_id)
        event_id = self._outbox.new_id("cancel")
        self._outbox.send(events.cancel_response(event_id, response_id))

    def _tell_said(self, said: AgentSaid) -> None:
        self._outbox.tell(said)
        self.memory.add(said.at, "assistant", said.heard)
