"""Calls that come in: who is put through, who may leave a message, and who gets neither."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from server.phone.calls.limits import Spent
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
from server.phone.calls.spoken_answers import SpokenAnswers
from server.phone.calls.status import CallStatus
from server.phone.calls.store import attempt_id
from server.phone.live.call_log import log_pin_asked
from server.phone.live.documents import decline
from server.phone.live.kit import CallKit
from server.phone.live.own_numbers import OwnNumber
from server.phone.live.pin_desk import Admitted, PinDesk
from server.phone.live.planning import Planned, Planning
from server.phone.messages.missed_calls import MissedCalls
from server.phone.messages.planning import plan_message
from server.phone.security.callers import parse_attestation
from server.phone.security.forms import Form
from server.phone.security.refusals import Refusal
from server.phone.security.twiml import say_and_hang_up
from server.store.errors import StoreError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desks:
    """Who deals with callers that come in."""

    reception: Reception
    """Decides about them."""

    pins: PinDesk
    missed: MissedCalls


class Incoming:
    """Answers calls that come in, with TwiML.

    Args:
        kit: What all calls share.
        planning: Plans those that are put through.
        desks: Who deals with the callers.
        begin: Begins one that was planned and counted, and returns its TwiML.

    """

    def __init__(
        self,
        kit: CallKit,
        planning: Planning,
        desks: Desks,
        begin: Callable[[Planned, str], str],
    ) -> None:
        self._kit = kit
        self._planning = planning
        self._reception = desks.reception
        self._pins = desks.pins
        self._missed = desks.missed
        self._spoken = SpokenAnswers()
        self._begin = begin

    async def receive(self, form: Form) -> str:
        """Answer a call that comes in."""
        call = IncomingCall(form.get("From"), parse_attestation(form.get("StirVerstat")))
        own = self._planning.numbers.of(form.get("To"))
        answer = self._unless_too_many(self._judge(call, own))
        if isinstance(answer, AskPin):
            log_pin_asked(call.claimed)
        return await self._answer(answer, form)

    async def check_pin(self, form: Form) -> str:
        """Answer a caller who typed something."""
        verdict = self._pins.check(form.get("CallSid"), form.get("Digits"))
        match verdict:
            case Admitted(number=number, person=person):
                own, kept = self._planning.numbers.of(form.get("To")), self._planning.kept
                admitted = self._reception.admit(
                    number, agent=own.agent.name, kept=kept, greeting=own.greeting, person=person
                )
                return await self._answer(admitted, form)
            case Refusal():
                return await self._answer(self._reception.refuse(verdict), form)
            case _:
                return verdict

    async def receive_end(self, form: Form) -> None:
        """Take in that a call is over, perhaps of somebody who was being asked for the PIN."""
        if self._pins.forget(form.get("CallSid")):
            why = "the caller hung up before they typed the PIN"
            await self._missed.keep(form, why, CallStatus.COMPLETED)

    def _judge(self, call: IncomingCall, own: OwnNumber) -> Answer:
        agent, now, kept = own.agent.name, self._kit.now(), self._planning.kept
        answer = self._reception.receive(call, now, agent=agent, kept=kept, greeting=own.greeting)
        if not isinstance(answer, Converse | AskPin):
            return answer
        reached = self._kit.limits.may_call(now, answer.number or "", "inbound")
        if reached is None:
            return answer
        return self._reception.at_limit(reached, answer.number, agent=agent, greeting=own.greeting)

    def _unless_too_many(self, answer: Answer) -> Answer:
        """Decline a caller who would be answered with words, where too many were already."""
        spoken = isinstance(answer, AskPin | SayAndHangUp)
        if not spoken or self._spoken.may_speak(self._kit.now()):
            return answer
        return Decline(busy=True, why="too many callers within an hour were not put through")

    async def _answer(self, answer: Answer, form: Form) -> str:
        match answer:
            case Converse():
                return await self._converse(answer, form)
            case AskPin():
                return self._pins.ask(answer, form.get("CallSid"), form.get("To"))
            case RecordMessage():
                return await self._take_message(answer, form)
            case SayAndHangUp(text, why):
                await self._missed.keep(form, why, CallStatus.COMPLETED)
                return say_and_hang_up(text, self._kit.config.defaults.locale)
            case Decline(busy, why):
                status = CallStatus.BUSY if busy else CallStatus.NO_ANSWER
                await self._missed.keep(form, why, status)
                return decline(busy=busy)
            case _:
                assert_never(answer)

    async def _converse(self, answer: Converse, form: Form) -> str:
        planned = await self._planning.inbound(answer, form.get("CallSid"), form.get("To"))
        # After all waiting: it holds until the next wait only.
        reached = self._kit.limits.may_call(self._kit.now(), answer.number or "", "inbound")
        if reached is not None:
            own = self._planning.numbers.of(form.get("To"))
            busy = self._reception.at_limit(
                reached, answer.number, agent=own.agent.name, greeting=own.greeting
            )
            return await self._answer(busy, form)
        return await self._take(planned, form)

    async def _take_message(self, answer: RecordMessage, form: Form) -> str:
        reached = self._kit.limits.may_take_message(self._kit.now(), answer.number or "")
        if reached is not None:
            return await self._answer(self._reception.hold_off(reached), form)
        taking = self._kit.messages
        if taking is None:
            return await self._answer(Decline(busy=True, why=answer.why), form)
        called = form.get("CallSid"), form.get("To")
        return await self._take(
            plan_message(self._kit, self._planning, taking, answer, called), form
        )

    async def _take(self, planned: Planned, form: Form) -> str:
        """Count and keep a call, and begin it."""
        record, plan = planned.record, planned.plan
        spent = Spent(
            attempt_id(record.id, 1),
            record.peer,
            "inbound",
            record.started_at,
            plan.longest,
            message=plan.messages is not None,
        )
        self._kit.limits.begin(spent)
        try:
            await self._kit.store.add(record)
        except StoreError as error:
            logger.warning("A call that comes in cannot be kept: %s", error)
        return self._begin(planned, form.get("CallSid"))
