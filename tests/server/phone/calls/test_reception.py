"""What becomes of calls that come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.phone.calls.config import GreetingConfig, InboundConfig
from server.phone.calls.greeting import Kept
from server.phone.calls.limits import LimitReached
from server.phone.calls.people import People, Person
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
from server.phone.security.callers import Assurance, Attestation
from server.phone.security.refusals import Reason, Refusal
from tests.server.phone.calls.call_records import NOON, OURS, THEIRS

ANN = Person("ann", (THEIRS,), discord="123456789012345678")
STRANGER = "+15550009999"
HIDDEN = "+266696687"
NIGHT = NOON + timedelta(hours=12)
OFFICE = {"hours": {"daily": "09:00-18:00"}}
NOTHING_KEPT = Kept(words=False, sound=False)


def reception(required: Assurance = Assurance.CLAIMED, **settings: Any) -> Reception:
    config = InboundConfig(**settings)
    return Reception(config, GreetingConfig(), People([ANN], required), UTC)


def answer(
    number: str,
    *,
    at: datetime = NOON,
    attestation: Attestation = Attestation.NONE,
    required: Assurance = Assurance.CLAIMED,
    **settings: Any,
) -> Answer:
    return reception(required, **settings).receive(
        IncomingCall(number, attestation), at, agent="Jarvis", kept=NOTHING_KEPT
    )


def test_people_of_the_identities_talk_with_the_agent_as_themselves() -> None:
    assert answer(THEIRS) == Converse(
        "Hello, this is Jarvis. I am an AI assistant.", THEIRS, ANN, Assurance.CLAIMED
    )


def test_where_more_is_required_they_talk_as_their_number() -> None:
    unsure = answer(THEIRS, required=Assurance.ATTESTED)
    assert isinstance(unsure, Converse)
    assert unsure.person is None
    sure = answer(THEIRS, required=Assurance.ATTESTED, attestation=Attestation.A)
    assert isinstance(sure, Converse)
    assert sure.person is ANN


def test_allowed_numbers_talk_with_the_agent_as_nobody_in_particular() -> None:
    welcome = answer(STRANGER, allow=(STRANGER,))
    assert isinstance(welcome, Converse)
    assert (welcome.number, welcome.person) == (STRANGER, None)


@pytest.mark.parametrize("number", [STRANGER, HIDDEN, "anonymous", ""])
def test_others_are_refused_politely(number: str) -> None:
    refused = answer(number)
    assert isinstance(refused, SayAndHangUp)
    assert refused.text.startswith("Sorry")
    assert STRANGER not in refused.why


def test_or_without_a_word_and_without_costs() -> None:
    declined = answer(STRANGER, refusal="")
    assert isinstance(declined, Decline)
    assert not declined.busy


def test_or_may_leave_a_message() -> None:
    taken = answer(STRANGER, unknown_callers="message", message_prompt="Tell {agent}.")
    assert isinstance(taken, RecordMessage)
    assert (taken.longest, taken.number) == (120.0, STRANGER)
    told = "I am an AI assistant. Messages are recorded and written down."
    assert taken.prompt == f"Hello, this is Jarvis. {told} Tell Jarvis."


def test_or_may_type_the_pin() -> None:
    room = reception(Assurance.PIN, unknown_callers="pin", pin="4711")
    call = IncomingCall(STRANGER, Attestation.NONE)
    asked = room.receive(call, NOON, agent="Jarvis", kept=NOTHING_KEPT)
    assert asked == AskPin(
        "Please type your PIN, and then the pound key.",
        "That is not right. Please try again.",
        STRANGER,
    )
    let_in = room.admit(THEIRS, agent="Jarvis", kept=NOTHING_KEPT)
    assert (let_in.person, let_in.assurance) == (ANN, Assurance.PIN)
    locked = room.refuse(Refusal(Reason.PIN_LOCKED))
    assert isinstance(locked, SayAndHangUp)


def test_a_number_whose_signature_is_wrong_is_a_strangers() -> None:
    assert isinstance(answer(THEIRS, attestation=Attestation.FAILED), SayAndHangUp)
    assert isinstance(answer(THEIRS, attestation=Attestation.C), Converse)


def test_where_the_network_must_vouch_for_numbers_others_are_strangers() -> None:
    room = Reception(InboundConfig(attestation="B"), GreetingConfig(), People([ANN]), UTC)
    answers = {
        level: room.receive(IncomingCall(THEIRS, level), NOON, agent="J", kept=NOTHING_KEPT)
        for level in Attestation
    }
    let_in = {level for level, one in answers.items() if isinstance(one, Converse)}
    assert let_in == {Attestation.B, Attestation.A}


def test_policies() -> None:
    assert isinstance(answer(THEIRS, policy="off"), Decline)
    everybody = answer(HIDDEN, policy="open")
    assert isinstance(everybody, Converse)
    assert everybody.number is None


def test_denied_numbers_are_declined_whatever_else_is_set() -> None:
    assert isinstance(answer(THEIRS, deny=("+1555",)), Decline)
    assert isinstance(answer(STRANGER, policy="open", deny=(STRANGER,)), Decline)
    assert isinstance(answer(OURS, policy="open", deny=(STRANGER,)), Converse)


def test_after_hours_only_known_callers_are_answered() -> None:
    assert isinstance(answer(THEIRS, at=NIGHT, **OFFICE), Converse)
    closed = answer(STRANGER, at=NIGHT, policy="open", **OFFICE)
    assert isinstance(closed, SayAndHangUp)
    assert "at this hour" in closed.text
    assert isinstance(answer(STRANGER, at=NOON, policy="open", **OFFICE), Converse)


def test_or_not_even_they() -> None:
    settings = {**OFFICE, "known_callers_any_time": False}
    assert isinstance(answer(THEIRS, at=NIGHT, **settings), SayAndHangUp)
    with_pin = {**settings, "unknown_callers": "pin", "pin": "4711"}
    assert isinstance(answer(STRANGER, at=NIGHT, **with_pin), SayAndHangUp)
    assert isinstance(answer(STRANGER, at=NOON, **with_pin), AskPin)


def test_after_hours_they_may_leave_a_message_or_hear_the_busy_tone() -> None:
    message = answer(STRANGER, at=NIGHT, policy="open", after_hours="message", **OFFICE)
    assert isinstance(message, RecordMessage)
    assert message.why == "outside phone.inbound.hours"
    silent = answer(STRANGER, at=NIGHT, policy="open", closed="", **OFFICE)
    assert silent == Decline(busy=True, why="outside phone.inbound.hours")
    taken = answer(STRANGER, at=NIGHT, unknown_callers="message", **OFFICE)
    assert isinstance(taken, RecordMessage)


def test_a_reached_limit_is_the_busy_tone_or_words() -> None:
    reached = LimitReached("phone.limits.total.calls_per_hour", "20 calls are spent", None)
    why = "phone.limits.total.calls_per_hour is reached"
    assert reception().hold_off(reached) == Decline(busy=True, why=why)
    assert reception(busy="Later.").hold_off(reached) == SayAndHangUp("Later.", why)
