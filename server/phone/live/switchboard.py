"""All calls of the telephone: takes those that come in, makes those that are asked for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Final

from server.phone.audio.media_stream import MediaStream
from server.phone.calls.attempt_events import AttemptTiming
from server.phone.calls.people import People
from server.phone.calls.reception import Reception
from server.phone.calls.record import CallRecord, ProviderRecording
from server.phone.calls.request import CallRefusedError, CallRequest, Obstacle
from server.phone.calls.state import CallState
from server.phone.calls.status import EndReason
from server.phone.line.media_connection import MediaSocket
from server.phone.live.call import LiveCall
from server.phone.live.call_log import log_begin, log_end
from server.phone.live.documents import HANG_UP, connect
from server.phone.live.events import CallEvents
from server.phone.live.incoming import Desks, Incoming
from server.phone.live.kit import CallKit
from server.phone.live.own_numbers import OwnNumbers
from server.phone.live.pin_desk import PinDesk
from server.phone.live.placing import Placing
from server.phone.live.planning import Planned, Planning
from server.phone.live.provider_recordings import keep_recording
from server.phone.messages.missed_calls import MissedCalls
from server.phone.provider.reports import CallNews, read_answered_by, read_recording, read_status
from server.phone.public.app import STREAM
from server.phone.security.forms import Form
from server.phone.security.media_tokens import MediaTokens
from server.phone.security.pins import PinGuard
from server.phone.security.refusals import Refusal

logger = logging.getLogger(__name__)

MOST_GONE: Final = 100
"""Ends of calls that are remembered, of calls that may be about to begin here."""


class Switchboard:
    """A :class:`~server.phone.public.telephone.Telephone`. :meth:`run` owns every call's task.

    Args:
        kit: What all calls share.
        numbers: Our own, and who talks on each.
        people: Whom the settings name.
        reception: Decides about calls that come in.
        tokens: For media sockets.
        pins: The PIN; ``None`` without one.

    """

    def __init__(
        self,
        kit: CallKit,
        numbers: OwnNumbers,
        people: People,
        reception: Reception,
        tokens: MediaTokens,
        pins: PinGuard | None = None,
    ) -> None:
        self._kit = kit
        self._planning = Planning(kit, numbers, people)
        self._tokens = tokens
        desks = Desks(reception, PinDesk(kit, pins), MissedCalls(kit, self._planning))
        self._incoming = Incoming(kit, self._planning, desks, self._take)
        self._calls: dict[str, LiveCall] = {}
        self._sids: dict[str, LiveCall] = {}
        self._gone: deque[CallNews] = deque(maxlen=MOST_GONE)
        self._tasks: asyncio.TaskGroup | None = None
        self._placing = Placing(kit, self._planning, self._dial)
        self.ready = asyncio.Event()
        """Set once calls can be held."""

    @property
    def calls(self) -> tuple[LiveCall, ...]:
        """The calls that go on, oldest first."""
        return tuple(self._calls.values())

    @property
    def events(self) -> CallEvents:
        """Tells whoever watches what happens in calls."""
        return self._kit.events

    async def run(self) -> None:
        """Hold calls until cancelled; those that go on then are broken off."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self.ready.set()
            try:
                await asyncio.Event().wait()
            finally:  # from now on there is no call more
                self._tasks = None
                self.ready.clear()

    def call(self, call_id: str) -> LiveCall | None:
        """Return a call that goes on, by our id."""
        return self._calls.get(call_id)

    async def place(self, request: CallRequest) -> CallRecord:
        """Begin to make a call.

        Returns:
            Its record; that of an earlier call when it was asked for before with the same key.

        Raises:
            CallRefusedError: It is not allowed, not possible, or too much now.
            StoreError: The store cannot be written.

        """
        if self._tasks is None:
            raise CallRefusedError(
                "the telephone is not running: look at its status", Obstacle.UNAVAILABLE
            )
        return await self._placing.place(request)

    def sound(self, recording: ProviderRecording) -> AsyncGenerator[bytes]:
        """Stream a recording that Twilio keeps, as a WAV file; may raise ProviderError."""
        return self._kit.provider.recording(recording.id)

    def resume(self, record: CallRecord, at: datetime) -> None:
        """Take a call of before a restart that waits to be dialled again."""
        planned = self._planning.again(record)
        retry_at, timing = self._kit.clock_time(at), self._timing
        state = CallState.waiting(retry_at, len(record.attempts), timing)
        self._begin(LiveCall(self._kit, planned.plan, record, state))

    def _dial(self, planned: Planned) -> None:
        state = CallState("outbound", self._now(), self._timing)
        self._begin(LiveCall(self._kit, planned.plan, planned.record, state))

    @property
    def _timing(self) -> AttemptTiming:
        return AttemptTiming(ring=float(self._kit.config.twilio.ring_timeout))

    # What Twilio sends.

    async def voice(self, form: Form, step: str) -> str:
        """Return what a call shall do."""
        kind, _, rest = step.partition("-")
        call_sid = form.get("CallSid")
        match kind:
            case "":
                known = call_sid in self._sids  # then Twilio asks again, by its fallback
                return self._connect(call_sid) if known else await self._incoming.receive(form)
            case "pin":
                return await self._incoming.check_pin(form)
            case "call":
                self._accept(rest, call_sid)
                return self._connect(call_sid)
            case "again":
                return self._connect(call_sid)
            case _:
                return HANG_UP

    async def status(self, form: Form, step: str) -> None:
        """Take in how a call stands."""
        news = read_status(form)
        if news is None:
            return
        self._accept(step.partition("-")[2], news.provider_id)
        if (call := self._sids.get(news.provider_id)) is not None:
            call.receive_report(news.provider_id, news.report)
        elif news.report.status.is_final:
            self._gone.append(news)
        if news.report.status.is_final:
            self._tokens.revoke(news.provider_id)
            await self._incoming.receive_end(form)

    async def detection(self, form: Form, step: str) -> None:
        """Take in who answered."""
        call_sid, answered_by = form.get("CallSid"), read_answered_by(form.get("AnsweredBy"))
        self._accept(step.partition("-")[2], call_sid)
        if answered_by is not None and (call := self._sids.get(call_sid)) is not None:
            call.receive_answered_by(call_sid, answered_by)

    async def recording(self, form: Form, step: str) -> None:
        """Take in that Twilio has recorded a call, which may be over."""
        if (news := read_recording(form)) is not None:
            await keep_recording(self._kit, self._sids.get(news.provider_id), news)

    async def talk(self, socket: MediaSocket, stream: MediaStream) -> None:
        """Carry a call's sound."""
        started = stream.started
        if started is not None and (call := self._sids.get(started.call_sid)) is not None:
            await call.talk(socket, stream)

    # Parts of a call.

    def _take(self, planned: Planned, call_sid: str) -> str:
        state = CallState("inbound", self._now(), provider_id=call_sid)
        call = LiveCall(self._kit, planned.plan, planned.record, state)
        self._sids[call_sid] = call
        self._begin(call)
        for news in self._gone:  # who hung up while it was found out who they are
            call.receive_report(news.provider_id, news.report)
        recorded = planned.plan.messages is None  # a message is, by ourselves
        step = f"call-{planned.record.id}-1"
        return self._connect(call_sid, self._kit.record_url(step) if recorded else None)

    def _connect(self, call_sid: str, record_url: str | None = None) -> str:
        call = self._sids.get(call_sid)
        if call is None or not call.is_connectable(call_sid):
            return HANG_UP
        token = self._tokens.issue(call_sid, self._now())
        if isinstance(token, Refusal):
            call.hang_up(EndReason.MEDIA_NEVER_CONNECTED)
            return HANG_UP
        stream = self._kit.public_url.url(f"{STREAM}/{token.value}", "stream")
        return connect(stream, self._kit.step_url(call.next_again()), record_url)

    def _accept(self, step: str, call_sid: str) -> None:
        """Take in Twilio's id of an attempt of ours, which its address names."""
        call_id, _, attempt = step.partition("-")
        call = self._calls.get(call_id)
        if call is not None and call_sid and attempt.isdigit():
            self._sids[call_sid] = call
            call.accept(call_sid, int(attempt))

    def _begin(self, call: LiveCall) -> None:
        if self._tasks is None:
            raise CallRefusedError(
                "the telephone is not running: look at its status", Obstacle.UNAVAILABLE
            )
        self._calls[call.record.id] = call
        log_begin(call.record)
        self._tasks.create_task(self._hold(call), name=f"call:{call.record.id}")

    async def _hold(self, call: LiveCall) -> None:
        try:
            await call.run()
        except Exception:  # a bug ends its own call, and no other
            logger.exception("call:%s broke", call.record.id)
            await call.give_up()
        finally:
            log_end(call.record)
            call.announce_end()
            del self._calls[call.record.id]
            self._sids = {sid: one for sid, one in self._sids.items() if one is not call}

    def _now(self) -> float:
        return self._kit.clock.now()
