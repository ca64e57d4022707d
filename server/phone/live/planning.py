"""How a call is meant: who talks in which session, what is said first, how long it may last."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Final

from pipeline.interfaces import Participant
from server.phone.calls.greeting import Kept, filled, opening
from server.phone.calls.people import People, Person, phone_key
from server.phone.calls.reception import Converse
from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus, Direction
from server.phone.calls.watch import PROVIDER_MARGIN
from server.phone.engines.engine import EngineCall
from server.phone.live.kit import CallKit, CallPlan
from server.phone.live.own_numbers import OwnNumbers
from server.phone.live.permission import check_now, dialable
from server.phone.live.terms import calling_number, check_terms, with_terms

_LONGEST_ID: Final = 12

_NOTICE_HOLD: Final = 30.0
"""Seconds within which Twilio says who answered: a machine should not miss what is said once."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that may begin."""

    record: CallRecord
    plan: CallPlan


class Planning:
    """Plans calls, and refuses those that may not be made.

    Args:
        kit: What all calls share.
        numbers: Our own, and who talks on each.
        people: Whom the settings name.

    """

    def __init__(self, kit: CallKit, numbers: OwnNumbers, people: People) -> None:
        self._kit = kit
        self._people = people
        self.numbers = numbers

    @property
    def kept(self) -> Kept:
        """What of calls is kept."""
        return Kept(words=True, sound=self._kit.config.recording.mode != "off")

    async def outbound(self, request: CallRequest) -> Planned:
        """Plan a call that somebody asks for.

        Raises:
            CallRefusedError: It is not allowed, not possible, or too much now.

        Cancelling is safe.

        """
        check_terms(request, self._kit.config, self._kit.engine.name)
        number = dialable(self._kit, request.to)
        own = calling_number(self._kit.config, request.caller_id)
        record = self.record("outbound", own, number.e164)
        person = self._people.called(number.e164)
        record = replace(
            record,
            task=request.task or None,
            context=request.context or None,
            metadata=request.metadata,
            idempotency_key=request.idempotency_key,
            identity=person.name if person is not None else None,
            request=request,
        )
        planned = self._asked_for(record, request, await self._session(record, person))
        check_now(self._kit, number.e164)  # at the end, for it holds until the next wait only
        key = planned.plan.engine_call.session_key
        return Planned(replace(record, session_key=key), planned.plan)

    def again(self, record: CallRecord) -> Planned:
        """Plan a call that was asked for before a restart, from what was kept of it."""
        context = record.context or ""
        request = record.request or CallRequest(record.to, record.task or "", context=context)
        key = record.session_key or self._key(record, self._people.called(record.to))
        planned = self._asked_for(record, replace(request, session_key=None), key)
        longest = self._kit.config.limits.longest_outbound  # what is left is asked when it dials
        return Planned(record, planned.plan.lasting(min(longest, request.max_duration or longest)))

    def _asked_for(self, record: CallRecord, request: CallRequest, key: str) -> Planned:
        """Plan a call of ours, as it is asked for."""
        own = self.numbers.of(record.from_)
        request = replace(request, caller_name=request.caller_name or own.caller_name)
        person = self._people.called(record.to)
        words = self._opening(record.from_, request.caller_name, request.message)
        plan = self._plan(record, person, words, key)
        call = with_terms(plan.engine_call, request, self._kit.config, self._kit.now())
        longest = min(plan.longest, request.max_duration or plan.longest)
        plan = replace(
            plan.lasting(longest),
            engine_call=call,
            voicemail=self._voicemail(record.from_, request, words),
            digits=request.digits,
            hold_opening=self._hold_opening(request.digits),
        )
        if request.mode == "notify":
            hold = _NOTICE_HOLD if self._kit.detects_machines(request.digits) else 0.0
            plan = replace(plan, notice=words, voicemail=words, hold_opening=hold)
        return Planned(record, plan)

    async def inbound(self, answer: Converse, call_sid: str, to: str) -> Planned:
        """Plan a call that came in and is connected to the agent.

        Args:
            answer: What the reception decided.
            call_sid: Twilio's id of it.
            to: Our number that was called.

        Cancelling is safe.

        """
        record = self.record("inbound", answer.number or "", to)
        key = await self._session(record, answer.person)
        plan = self._plan(record, answer.person, answer.greeting, key)
        record = replace(
            record,
            provider_call_id=call_sid,
            session_key=plan.engine_call.session_key,
            identity=answer.person.name if answer.person is not None else None,
        )
        return Planned(record, plan)

    def record(self, direction: Direction, from_: str, to: str) -> CallRecord:
        """Return the record of a call that begins now, with a new id."""
        status = CallStatus.QUEUED if direction == "outbound" else CallStatus.RINGING
        return CallRecord(
            id=uuid.uuid4().hex[:_LONGEST_ID],
            direction=direction,
            from_=from_,
            to=to,
            status=status,
            started_at=self._kit.now(),
            engine=self._kit.engine.name,
            session_note="none" if self._kit.engine.keeps_session else "owed",
        )

    def person(self, number: str) -> Person | None:
        """Return whose number it is, going by what the number says."""
        return self._people.called(number)

    def _plan(
        self, record: CallRecord, person: Person | None, words: str, session_key: str
    ) -> CallPlan:
        config, number = self._kit.config, record.peer
        own = self.numbers.of(record.own)
        name = person.name if person is not None else number or "Somebody"
        longest = self._kit.limits.longest_call(self._kit.now(), number, record.direction)
        call = EngineCall(
            record.id,
            record.direction,
            Participant(number or f"call:{record.id}", name),
            own.agent.id,
            own.agent.name,
            session_key,
            opening=words,
            protect_opening=config.playout.protect_greeting,
            instructions=own.instructions,
            language=config.defaults.locale[:2].lower(),
            still_there=config.greeting.still_there,
            nobody_there=config.greeting.nobody_there,
        )
        time_limit = round(longest + PROVIDER_MARGIN)
        return CallPlan(call, longest, time_limit, goodbye=config.greeting.time_over)

    async def _session(self, record: CallRecord, person: Person | None) -> str:
        """Return the session that a call goes on with."""
        if person is None:
            return self._key(record, None)
        agent = self.numbers.of(record.own).agent.id
        return self._key(record, person, await self._kit.last_session(person, agent))

    def _key(self, record: CallRecord, person: Person | None, last_key: str | None = None) -> str:
        config = self._kit.config
        return phone_key(
            self.numbers.of(record.own).agent.id,
            call_id=record.id,
            number=record.peer or None,
            scope=config.session_scope,
            person=person if config.context.cross_channel_enabled else None,
            last_key=last_key,
        )

    def _opening(self, own: str, caller: str | None, message: str) -> str:
        number = self.numbers.of(own)
        texts = self._kit.config.greeting.model_copy(update={"inbound": number.greeting})
        return opening(
            texts, "outbound", self.kept, agent=number.agent.name, caller=caller, message=message
        )

    def _hold_opening(self, digits: str) -> float:
        kit = self._kit
        return kit.config.voicemail.hold_opening if kit.detects_machines(digits) else 0.0

    def _voicemail(self, own: str, request: CallRequest, words: str) -> str:
        """Return what is left on a machine: a call without a task leaves its message."""
        config = self._kit.config.voicemail
        if config.action == "hang_up":
            return ""
        if not request.task:
            return words if request.message else ""
        agent, text = self.numbers.of(own).agent.name, config.message
        if request.caller_name is None:  # nobody calls on their own behalf
            text = text.replace(" for {caller}", "")
        return filled(
            text,
            agent=agent,
            caller=request.caller_name or agent,
            task=request.task.rstrip(" ."),
            number=own,
        )
