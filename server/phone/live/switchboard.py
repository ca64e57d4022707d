"""All calls of the telephone: takes those that come in, makes those that are asked for."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final, assert_never

from server.phone.audio.media_stream import MediaStream
from server.phone.calls.attempt_events import AttemptTiming
from server.phone.calls.limits import Spent
from server.phone.calls.people import People
from server.phone.calls.reception import (
    Answer,
    AskPin,
    Converse,
    Decline,
    IncomingCall,
    Reception,
    RecordMessage,
    SayAndHangUp,
)
from server.phone.calls.record import CallRecord
from server.phone.calls.state import CallState
from server.phone.calls.status import EndReason
from server.phone.calls.store import attempt_id
from server.phone.line.media_connection import MediaSocket
from server.phone.live.call import LiveCall
from server.phone.live.documents import HANG_UP, connect, decline
from server.phone.live.kit import CallKit
from server.phone.live.pin_desk import Admitted, PinDesk
from server.phone.live.planning import CallRefusedError, CallRequest, PhoneAgent, Planning
from server.phone.provider.reports import read_answered_by, read_status
from server.phone.public.app import STREAM
from server.phone.security.callers import parse_attestation
from server.phone.security.forms import Form
from server.phone.security.media_tokens import MediaTokens
from server.phone.security.numbers import masked
from server.phone.security.pins import PinGuard
from server.phone.security.refusals import Refusal
from server.phone.security.twiml import say_and_hang_up
from server.store.errors import StoreError

logger = logging.getLogger(__name__)


_BROKEN: Final = 60.0
"""Seconds that a call counts for which broke in a way that nobody foresaw."""


class Switchboard:
    """A :class:`~server.phone.public.telephone.Telephone`. :meth:`run` owns every call's task.

    Args:
        kit: What all calls share.
        agent: Who talks.
        people: Whom the settings name.
        reception: Decides about calls that come in.
        tokens: For media sockets.
        pins: The PIN; ``None`` without one.

    """

    def __init__(
        self,
        kit: CallKit,
        agent: PhoneAgent,
        people: People,
        reception: Reception,
        tokens: MediaTokens,
        pins: PinGuard | None = None,
    ) -> None:
        self._kit = kit
        self._planning = Planning(kit, agent, people)
        self._reception = reception
        self._tokens = tokens
        self._pins = PinDesk(kit, pins)
        self._calls: dict[str, LiveCall] = {}
        self._sids: dict[str, LiveCall] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self.ready = asyncio.Event()
        """Set once calls can be held."""

    @property
    def calls(self) -> tuple[LiveCall, ...]:
        """The calls that go on, oldest first."""
        return tuple(self._calls.values())

    async def run(self) -> None:
        """Hold calls until cancelled; those that go on then are broken off."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self.ready.set()
                await asyncio.Event().wait()
        finally:
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
            raise CallRefusedError("the telephone is not running: look at its status")
        planned = self._planning.outbound(request)
        record, plan = planned.record, planned.plan
        spent = attempt_id(record.id, 1)
        # What is asked for at the same time must find it counted.
        self._kit.limits.begin(
            Spent(spent, record.peer, "outbound", record.started_at, plan.longest)
        )
        kept = None
        try:
            kept = await self._kit.store.add(record)
        finally:
            if kept is None or kept.id != record.id:
                self._kit.limits.end(spent, 0.0)
        if kept.id == record.id:
            state = CallState("outbound", self._kit.clock.now(), self._timing)
            self._begin(LiveCall(self._kit, plan, record, state))
        return kept

    def resume(self, record: CallRecord, at: datetime) -> None:
        """Take a call of before a restart that waits to be dialled again."""
        planned = self._planning.again(record)
        retry_at, timing = self._kit.clock_time(at), self._timing
        state = CallState.waiting(retry_at, len(record.attempts), timing)
        self._begin(LiveCall(self._kit, planned.plan, record, state))

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
                return await self._inbound(form)
            case "pin":
                return await self._check_pin(call_sid, form.get("Digits"))
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
        if news.report.status.is_final:
            self._tokens.revoke(news.provider_id)
            self._pins.forget(news.provider_id)

    async def detection(self, form: Form, step: str) -> None:
        """Take in who answered."""
        call_sid, answered_by = form.get("CallSid"), read_answered_by(form.get("AnsweredBy"))
        self._accept(step.partition("-")[2], call_sid)
        if answered_by is not None and (call := self._sids.get(call_sid)) is not None:
            call.receive_answered_by(call_sid, answered_by)

    async def talk(self, socket: MediaSocket, stream: MediaStream) -> None:
        """Carry a call's sound."""
        started = stream.started
        if started is not None and (call := self._sids.get(started.call_sid)) is not None:
            await call.talk(socket, stream)

    # Calls that come in.

    async def _inbound(self, form: Form) -> str:
        call_sid = form.get("CallSid")
        if call_sid in self._sids:  # Twilio asks again, by its fallback
            return self._connect(call_sid)
        incoming = IncomingCall(form.get("From"), parse_attestation(form.get("StirVerstat")))
        answer = self._receive(incoming)
        logger.info("A call of %s: %s", masked(incoming.claimed), type(answer).__name__)
        return await self._answer(answer, call_sid, form.get("To"))

    def _receive(self, incoming: IncomingCall) -> Answer:
        answer = self._reception.receive(
            incoming, self._kit.now(), agent=self._planning.agent.name, kept=self._planning.kept
        )
        if not isinstance(answer, Converse | AskPin):
            return answer
        reached = self._kit.limits.may_call(self._kit.now(), answer.number or "", "inbound")
        return answer if reached is None else self._reception.hold_off(reached)

    async def _answer(self, answer: Answer, call_sid: str, to: str) -> str:
        match answer:
            case Converse():
                return await self._converse(answer, call_sid, to)
            case AskPin():
                return self._pins.ask(answer, call_sid, to)
            case SayAndHangUp(text):
                return say_and_hang_up(text, self._kit.config.defaults.locale)
            case RecordMessage():
                logger.warning("A caller could not leave a message: that is not there yet")
                return decline(busy=True)
            case Decline(busy):
                return decline(busy=busy)
            case _:
                assert_never(answer)

    async def _converse(self, answer: Converse, call_sid: str, to: str) -> str:
        now, number = self._kit.now(), answer.number or ""
        reached = self._kit.limits.may_call(now, number, "inbound")
        if reached is not None:
            return await self._answer(self._reception.hold_off(reached), call_sid, to)
        planned = self._planning.inbound(answer, call_sid, to)
        record, plan = planned.record, planned.plan
        spent = Spent(attempt_id(record.id, 1), number, "inbound", now, plan.longest)
        self._kit.limits.begin(spent)
        state = CallState("inbound", self._now(), provider_id=call_sid)
        try:
            await self._kit.store.add(record)
        except StoreError as error:
            logger.warning("A call that comes in cannot be kept: %s", error)
        call = LiveCall(self._kit, plan, record, state)
        self._sids[call_sid] = call
        self._begin(call)
        return self._connect(call_sid)

    async def _check_pin(self, call_sid: str, digits: str) -> str:
        verdict = self._pins.check(call_sid, digits)
        match verdict:
            case Admitted(number, to):
                agent, kept = self._planning.agent.name, self._planning.kept
                admitted = self._reception.admit(number, agent=agent, kept=kept)
                return await self._answer(admitted, call_sid, to)
            case Refusal():
                return await self._answer(self._reception.refuse(verdict), call_sid, "")
            case _:
                return verdict

    # Parts of a call.

    def _connect(self, call_sid: str) -> str:
        call = self._sids.get(call_sid)
        if call is None or not call.is_going_on:
            return HANG_UP
        token = self._tokens.issue(call_sid, self._now())
        if isinstance(token, Refusal):
            call.hang_up(EndReason.MEDIA_NEVER_CONNECTED)
            return HANG_UP
        stream = self._kit.public_url.url(f"{STREAM}/{token.value}", "stream")
        return connect(stream, self._kit.step_url(call.next_again()))

    def _accept(self, step: str, call_sid: str) -> None:
        """Take in Twilio's id of an attempt of ours, which its address names."""
        call_id, _, attempt = step.partition("-")
        call = self._calls.get(call_id)
        if call is not None and call_sid and attempt.isdigit():
            self._sids[call_sid] = call
            call.accept(call_sid, int(attempt))

    def _begin(self, call: LiveCall) -> None:
        if self._tasks is None:
            raise CallRefusedError("the telephone is not running: look at its status")
        self._calls[call.record.id] = call
        self._tasks.create_task(self._hold(call), name=f"call:{call.record.id}")

    async def _hold(self, call: LiveCall) -> None:
        try:
            await call.run()
        except Exception:  # a bug ends its own call, and no other
            logger.exception("call:%s broke", call.record.id)
            self._kit.limits.end(attempt_id(call.record.id, call.record.attempt), _BROKEN)
        finally:
            del self._calls[call.record.id]
            self._sids = {sid: one for sid, one in self._sids.items() if one is not call}

    def _now(self) -> float:
        return self._kit.clock.now()
