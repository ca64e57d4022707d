"""How a call is meant: who talks in which session, what is said first, how long it may last."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Final

from pipeline.interfaces import Participant
from server.phone.calls.greeting import Kept, filled, opening
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.people import People, Person, phone_key
from server.phone.calls.reception import Converse
from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus, Direction
from server.phone.calls.watch import PROVIDER_MARGIN
from server.phone.engines.engine import EngineCall
from server.phone.live.kit import CallKit, CallPlan
from server.phone.security.dialling import check_dialling
from server.phone.security.numbers import Number, parse_number
from server.phone.security.refusals import Refusal

_LONGEST_ID: Final = 12


class CallRefusedError(Exception):
    """A call is not made; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class PhoneAgent:
    """Who talks on the telephone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call that somebody wants to be made."""

    to: str
    """Number, as people write it."""

    task: str = ""
    message: str = ""
    """The first words; "" for the usual ones."""

    context: str = ""
    digits: str = ""
    """Keys pressed as soon as somebody has answered."""

    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that may begin."""

    record: CallRecord
    plan: CallPlan


class Planning:
    """Plans calls, and refuses those that may not be made.

    Args:
        kit: What all calls share.
        agent: Who talks.
        people: Whom the settings name.

    """

    def __init__(self, kit: CallKit, agent: PhoneAgent, people: People) -> None:
        self._kit = kit
        self._people = people
        self._hours = WeeklyHours.of(kit.config.outbound.calling_hours)
        self.agent = agent

    @property
    def kept(self) -> Kept:
        """What of calls is kept."""
        return Kept(words=True, sound=self._kit.recordings is not None)

    def outbound(self, request: CallRequest) -> Planned:
        """Plan a call that somebody asks for.

        Raises:
            CallRefusedError: It is not allowed, not possible, or too much now.

        """
        number = self._dialable(request.to)
        own = self._kit.config.twilio.from_number
        if own is None:
            raise CallRefusedError("there is no number to call from: set TWILIO_PHONE_NUMBER")
        self._check_now(number)
        record = self._record("outbound", own, number.e164)
        words = request.message or self._opening()
        person = self._people.called(number.e164)
        plan = self._plan(record, number.e164, person, words)
        engine_call = replace(plan.engine_call, task=request.task, context=request.context)
        record = replace(
            record,
            task=request.task or None,
            context=request.context or None,
            idempotency_key=request.idempotency_key,
            session_key=engine_call.session_key,
            identity=person.name if person is not None else None,
        )
        voicemail = self._voicemail(request.task)
        plan = replace(plan, engine_call=engine_call, digits=request.digits, voicemail=voicemail)
        return Planned(record, plan)

    def again(self, record: CallRecord) -> Planned:
        """Plan a call that was asked for before a restart, from what was kept of it."""
        person = self._people.called(record.to)
        plan = self._plan(record, record.to, person, self._opening())
        engine_call = replace(
            plan.engine_call,
            session_key=record.session_key or plan.engine_call.session_key,
            task=record.task or "",
            context=record.context if isinstance(record.context, str) else "",
        )
        voicemail = self._voicemail(record.task or "")
        return Planned(record, replace(plan, engine_call=engine_call, voicemail=voicemail))

    def inbound(self, answer: Converse, call_sid: str, to: str) -> Planned:
        """Plan a call that came in and is connected to the agent.

        Args:
            answer: What the reception decided.
            call_sid: Twilio's id of it.
            to: Our number that was called.

        """
        record = self._record("inbound", answer.number or "", to)
        plan = self._plan(record, answer.number, answer.person, answer.greeting)
        record = replace(
            record,
            provider_call_id=call_sid,
            session_key=plan.engine_call.session_key,
            identity=answer.person.name if answer.person is not None else None,
        )
        return Planned(record, plan)

    def _check_now(self, number: Number) -> None:
        now, config = self._kit.now(), self._kit.config
        if not self._hours.contain(now, config.zone):
            raise CallRefusedError("nobody may be called now: see phone.outbound.calling_hours")
        reached = self._kit.limits.may_call(now, number.e164, "outbound")
        if reached is not None:
            raise CallRefusedError(reached.message)

    def _dialable(self, to: str) -> Number:
        number = parse_number(to, self._kit.config.defaults.country)
        if isinstance(number, Refusal):
            raise CallRefusedError(f"{number}: write it as +15551234567")
        refusal = check_dialling(self._kit.dialling, number)
        if refusal is not None:
            raise CallRefusedError(f"{refusal}: look at phone.outbound")
        return number

    def _record(self, direction: Direction, from_: str, to: str) -> CallRecord:
        status = CallStatus.QUEUED if direction == "outbound" else CallStatus.RINGING
        return CallRecord(
            id=uuid.uuid4().hex[:_LONGEST_ID],
            direction=direction,
            from_=from_,
            to=to,
            status=status,
            started_at=self._kit.now(),
            engine=self._kit.engine.name,
        )

    def _plan(
        self, record: CallRecord, number: str | None, person: Person | None, words: str
    ) -> CallPlan:
        config = self._kit.config
        key = phone_key(
            self.agent.id,
            call_id=record.id,
            number=number,
            scope=config.session_scope,
            person=person,
        )
        name = person.name if person is not None else number or "Somebody"
        longest = self._kit.limits.longest_call(self._kit.now(), number or "", record.direction)
        call = EngineCall(
            record.id,
            record.direction,
            Participant(number or f"call:{record.id}", name),
            self.agent.id,
            self.agent.name,
            key,
            opening=words,
            protect_opening=config.playout.protect_greeting,
            instructions=config.agent.instructions,
            language=config.defaults.locale[:2].lower(),
        )
        return CallPlan(call, longest, round(longest + PROVIDER_MARGIN))

    def _opening(self) -> str:
        config = self._kit.config
        caller = config.agent.caller_name
        return opening(config.greeting, "outbound", self.kept, agent=self.agent.name, caller=caller)

    def _voicemail(self, task: str) -> str:
        config = self._kit.config
        if config.voicemail.action == "hang_up" or not task:
            return ""
        return filled(
            config.voicemail.message,
            agent=self.agent.name,
            caller=config.agent.caller_name or self.agent.name,
            task=task,
            number=config.twilio.from_number or "",
        )
