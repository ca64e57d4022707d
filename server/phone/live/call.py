"""One call while it lasts: carries out what its state decides, and holds its parts together."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final, assert_never

from server.phone.audio.media_stream import MediaStream
from server.phone.calls.attempt_events import ProviderReport
from server.phone.calls.record import CallRecord, ProviderRecording
from server.phone.calls.state import CallState
from server.phone.calls.status import AnsweredBy, CallPhase, CallStatus, EndReason
from server.phone.calls.store import attempt_id
from server.phone.engines.engine import (
    AgentSaid,
    CallerHeard,
    CallerSaid,
    CallerSpeaks,
    CallReported,
    EngineEvent,
    EngineSession,
    MessageInvited,
    MessageLeft,
    PhaseChanged,
    SendDigits,
    ToolUsed,
    Transfer,
    Wish,
    WishRefusedError,
)
from server.phone.line.media_connection import MediaSocket, StreamEnd
from server.phone.line.streams import Streams
from server.phone.line.transport import PhoneTransport
from server.phone.live.attempts import Attempts
from server.phone.live.book import CallBook
from server.phone.live.call_talk import CallTalk
from server.phone.live.closing import close_broken
from server.phone.live.documents import press_keys
from server.phone.live.events import CallOver
from server.phone.live.kit import CallKit, CallPlan
from server.phone.provider.twilio import ProviderError

logger = logging.getLogger(__name__)

LAST_WORDS: Final = 5.0
"""Seconds that an engine has to come to its end, once the call is over."""


class LiveCall:
    """One call, over all its attempts.

    Args:
        kit: What all calls share.
        plan: How this one is meant.
        record: The call as it was kept first.
        state: Its state.

    """

    def __init__(self, kit: CallKit, plan: CallPlan, record: CallRecord, state: CallState) -> None:
        self._kit = kit
        self._plan = plan
        self._state = state
        self._book = CallBook(kit, record)
        self._attempts = Attempts(kit, plan, state, self._book)
        self._transport = PhoneTransport(
            plan.engine_call.caller, kit.clock, lead=kit.config.playout.lead
        )
        self._talk = CallTalk(kit, plan, record, self._transport, self)
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._streams = Streams(self._transport, self, self._over)
        self._again = 0

    @property
    def record(self) -> CallRecord:
        """The call as it was kept last; its transcript is in the store."""
        return self._book.record

    @property
    def session(self) -> EngineSession | None:
        """What talks in it; ``None`` before its time."""
        return self._talk.session

    @property
    def is_going_on(self) -> bool:
        """Whether its sound may be connected, the first time or again."""
        return self._state.status not in {CallStatus.ENDING, CallStatus.RETRY_WAIT} and (
            self._state.end is None
        )

    def is_connectable(self, provider_id: str) -> bool:
        """Return whether the provider may connect the sound of this attempt now."""
        return self.is_going_on and self._state.attempt.provider_id == provider_id

    async def run(self) -> None:
        """Hold the call, from dialling to its record.

        Cancelling keeps what is known of it: after a restart, Twilio is asked what became of it.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._book.keep_rows())
                talking = tasks.create_task(self._converse())
                await self._follow()
                self._over.set()
                self._transport.close()
                await self._last_words(talking)
                self._book.end_rows()
                await keeping
        finally:
            self._over.set()
            self._transport.close()
            self._book.end_recording()
            await self._book.close(self._state)

    async def give_up(self) -> None:
        """End a call that a bug has broken, unless its end is kept already."""
        if not self._book.closed:
            self._attempts.handing_over.end()
            self._book.record = await close_broken(self._kit, self.record)

    def announce_end(self) -> None:
        """Let whoever watches know that nothing follows."""
        self._book.announce(CallOver())

    # What others tell.

    def hang_up(self, reason: EndReason) -> None:
        """End the call, also when it only waits to be dialled again."""
        self._state.hang_up(reason, self._kit.clock.now())
        self._changed.set()

    def accept(self, provider_id: str, attempt: int) -> None:
        """Take in Twilio's id of an attempt, where a callback is faster than the answer."""
        begun = bool(self._state.attempts)  # not while it waits since before a restart
        if begun and attempt == self._attempts.number and self._state.attempt.provider_id is None:
            self._state.attempt.accept(provider_id)

    def receive_report(self, provider_id: str, report: ProviderReport) -> None:
        """Take in what Twilio says of an attempt."""
        if (attempt := self._state.attempt_of(provider_id)) is not None:
            attempt.receive_report(report, self._kit.clock.now())
            self._changed.set()

    def receive_answered_by(self, provider_id: str, answered_by: AnsweredBy) -> None:
        """Take in who answered, and leave the message or hang up where it is a machine."""
        if (attempt := self._state.attempt_of(provider_id)) is None:
            return
        attempt.receive_answered_by(answered_by, self._kit.clock.now())
        if attempt.end is not None:
            return  # late: it says nothing of who is called now
        if not self._talk.receive_answered_by(answered_by):
            attempt.hang_up(EndReason.MACHINE, self._kit.clock.now())
        self._changed.set()

    def receive_recording(self, recording: ProviderRecording) -> bool:
        """Take in a recording of the provider's; returns whether the record was still open."""
        return self._book.receive_recording(recording)

    def next_again(self) -> str:
        """Return a step by which Twilio comes back to this call; another each time."""
        self._again += 1
        return f"again-{self.record.id}-{self._again}"

    async def talk(self, socket: MediaSocket, stream: MediaStream) -> None:
        """Carry the sound of one media stream until it is over, or the call is."""
        started, clock = stream.started, self._kit.clock
        attempt = None if started is None else self._state.attempt_of(started.call_sid)
        if started is None or attempt is None or self._over.is_set():
            return
        attempt.start_stream(started.stream_sid, clock.now())
        if self._plan.messages is None:
            self._record(self._kit.recordings)
        self._talk.begin_sound()
        self._changed.set()
        match await self._streams.carry(socket, stream):
            case StreamEnd.STOPPED:
                attempt.stop_stream(started.stream_sid, clock.now())
            case StreamEnd.LOST | StreamEnd.WRONG:
                attempt.lose_stream(started.stream_sid, clock.now())
            case None:
                pass  # the call is over, or another stream carries its sound
        self._changed.set()

    def receive_media(self) -> None:
        """Take in that sound came."""
        self._state.attempt.receive_media(self._kit.clock.now())

    def receive_key(self, digit: str) -> None:
        """Take in that the other side pressed a key."""
        if self.session is not None:
            self.session.press(digit)

    # What the engine tells and wants.

    def tell(self, event: EngineEvent) -> None:
        """Take in what happens in the call."""
        self._book.announce(event)
        match event:
            case PhaseChanged(phase):
                if self._state.attempt.phase is not CallPhase.TRANSFERRING:
                    self._state.attempt.enter(phase)
            case CallReported(report):
                self._book.report(report)
                self._changed.set()
            case CallerSaid() | AgentSaid() | ToolUsed():
                self._book.tell(event)
            case MessageInvited() if self._plan.messages is not None:
                self._record(self._plan.messages.recordings)
            case MessageLeft(at):
                self._book.leave_message(at)
                self._changed.set()
            case CallerSpeaks() | CallerHeard() | MessageInvited():
                pass  # what they say is told when it is known
            case _:
                assert_never(event)

    async def grant(self, wish: Wish) -> None:
        """Do what the agent wants."""
        provider_id = self._state.attempt.provider_id
        if provider_id is None or not self.is_going_on:
            raise WishRefusedError("the call is over")
        over, attempts = self._talk.until, self._attempts
        match wish:
            case Transfer(to):
                twiml = attempts.handing_over.prepare(to, over)
            case SendDigits(digits):
                twiml = press_keys(digits, self._kit.step_url(self.next_again()))
            case _:
                assert_never(wish)
        try:
            await self._kit.provider.send_elsewhere(provider_id, twiml)
        except ProviderError as error:
            raise WishRefusedError(str(error)) from None
        if isinstance(wish, Transfer) and self._state.attempt.end is None:
            self._state.attempt.enter(CallPhase.TRANSFERRING)
            attempts.handing_over.begin(attempt_id(self.record.id, attempts.number))
            self._transport.close()

    # Carrying out.

    async def _follow(self) -> None:
        """Do what the state decides, until the call has ended."""
        if self.record.direction == "outbound" and self._state.retry_at is None:
            refusal = await self._kit.approvals.refusal(self.record, self._changed)
            if refusal is not None:
                self._state.hang_up(refusal, self._kit.clock.now())
            await self._attempts.dial()
        while self._state.end is None:
            self._changed.clear()
            actions = self._state.step(self._kit.clock.now())
            for action in actions:
                await self._attempts.perform(action)
            if self._talk.step():
                self._state.hang_up(EndReason.TOO_LONG, self._kit.clock.now())
            await self._book.save(self._state)
            if self._state.end is None and not actions:  # what they came to may be the end
                await self._wait()

    async def _wait(self) -> None:
        """Wait until something happens, or is due."""
        deadlines = (self._state.deadline(), self._talk.deadline())
        at = min((one for one in deadlines if one is not None), default=None)
        timer = None if at is None else self._kit.clock.call_at(at, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            if timer is not None:
                timer.cancel()

    # The sound.

    async def _converse(self) -> None:
        """Let the engine talk as soon as there is somebody to talk with."""
        await self._talk.begin()
        self._changed.set()
        end = await self._talk.run()
        if self._state.attempt.phase is not CallPhase.TRANSFERRING:
            self._state.attempt.hang_up(end.reason, self._kit.clock.now())
            self._changed.set()

    def _record(self, folder: Path | None) -> None:
        if (recorder := self._book.begin_recording(folder)) is not None:
            self._transport.record_with(recorder)

    async def _last_words(self, talking: asyncio.Task[None]) -> None:
        if self.session is not None:
            await asyncio.wait({talking}, timeout=LAST_WORDS)
        talking.cancel()
