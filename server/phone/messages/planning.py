"""How a call is meant in which a message may be left."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.interfaces import Participant
from server.phone.calls.reception import RecordMessage
from server.phone.calls.watch import PROVIDER_MARGIN
from server.phone.engines.engine import EngineCall
from server.phone.live.kit import CallKit, CallPlan, MessageTaking
from server.phone.live.planning import Planned, Planning

AROUND_MESSAGE: Final = 60.0
"""Seconds that a call may last beside the message: for the greeting, the tone and the thanks."""


def plan_message(
    kit: CallKit,
    planning: Planning,
    taking: MessageTaking,
    answer: RecordMessage,
    called: tuple[str, str],
) -> Planned:
    """Plan a call that came in, and in which nothing but a message is taken.

    It goes on with no session.

    Args:
        kit: What all calls share.
        planning: Knows the agent, and who has which number.
        taking: What takes the message.
        answer: What the reception decided.
        called: Twilio's id of the call, and our number that was called.

    """
    call_sid, to = called
    number = answer.number or ""
    person, agent = planning.person(number), planning.numbers.of(to).agent
    name = number if person is None else person.name
    record = replace(
        planning.record("inbound", number, to),
        engine=taking.engine.name,
        session_note="none",
        provider_call_id=call_sid,
        identity=None if person is None else person.name,
        missed=answer.why,
    )
    call = EngineCall(
        record.id,
        "inbound",
        Participant(number or f"call:{record.id}", name or "Somebody"),
        agent.id,
        agent.name,
        session_key="",
        opening=answer.prompt,
        protect_opening=True,
        language=kit.config.defaults.locale[:2].lower(),
    )
    longest = kit.limits.longest_message(kit.now(), number, answer.longest + AROUND_MESSAGE)
    plan = CallPlan(call, longest, round(longest + PROVIDER_MARGIN), messages=taking)
    return Planned(record, plan)
