"""The terms of a call that somebody asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.interfaces import Participant
from server.phone.calls.request import CallRefusedError, CallRequest, Obstacle
from server.phone.config import NumberConfig, PhoneConfig
from server.phone.config_providers import TwilioConfig
from server.phone.engines.engine import EngineCall
from server.phone.live.terms import (
    calling_number,
    check_terms,
    chosen_session,
    context_text,
    with_terms,
)

OWN, OTHER, BEN = "+15550009999", "+15550008888", "+15550002222"
CONFIG = PhoneConfig(twilio=TwilioConfig(from_number=OWN), numbers={OTHER: NumberConfig()})
NOW = datetime(2026, 7, 4, 22, 30, tzinfo=UTC)
CALL = EngineCall(
    "c1",
    "outbound",
    Participant(BEN, BEN),
    "jarvis",
    "Jarvis",
    "agent:jarvis:voice:15550002222",
    instructions="Be kind.",
)


def test_one_of_our_numbers_calls() -> None:
    assert calling_number(CONFIG, None) == OWN
    assert calling_number(CONFIG, OWN) == OWN
    assert calling_number(CONFIG, "(555) 000-8888") == OTHER
    for wrong in (BEN, "anonymous", ""):
        with pytest.raises(CallRefusedError, match="not a number of ours") as refused:
            calling_number(CONFIG, wrong)
        assert refused.value.obstacle is Obstacle.REQUEST
    with pytest.raises(CallRefusedError, match="TWILIO_PHONE_NUMBER") as refused:
        calling_number(PhoneConfig(), None)
    assert refused.value.obstacle is Obstacle.UNAVAILABLE


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (CallRequest(BEN, max_duration=601), "longest_outbound"),
        (CallRequest(BEN, engine="realtime"), "engine local"),
        (CallRequest(BEN, mode="notify"), "send message"),
        (CallRequest(BEN, mode="notify", message="Hi.", context="x"), "without task"),
        (CallRequest(BEN, timezone="Mars"), "Europe/Oslo"),
        (CallRequest(BEN, timezone="/etc/passwd"), "Europe/Oslo"),
    ],
)
def test_what_no_call_can_have_is_refused(request_: CallRequest, told: str) -> None:
    with pytest.raises(CallRefusedError, match=told) as refused:
        check_terms(request_, CONFIG, "local")
    assert refused.value.obstacle is Obstacle.REQUEST


def test_what_calls_can_have_is_not() -> None:
    for fine in (
        CallRequest(BEN),
        CallRequest(BEN, mode="notify", message="Hi."),
        CallRequest(BEN, max_duration=600, engine="local", timezone="Europe/Oslo"),
    ):
        check_terms(fine, CONFIG, "local")


def test_a_session_is_one_of_the_agent_that_calls() -> None:
    assert chosen_session("jarvis", "session_123") == "agent:jarvis:session_123"
    assert chosen_session("jarvis", "voice:+15550002222") == "agent:jarvis:voice:15550002222"
    assert chosen_session("jarvis", "Agent:Jarvis:main") == "agent:jarvis:main"
    for wrong in ("agent:sage:main", "a b", "agent:jarvis:", ":" * 600):
        with pytest.raises(CallRefusedError, match="session_key"):
            chosen_session("jarvis", wrong)


def test_without_terms_a_call_is_as_the_settings_have_it() -> None:
    call = with_terms(CALL, CallRequest(BEN), CONFIG, NOW)
    facts = "This call was asked for on Saturday, 2026-07-04 at 22:30; times are meant in UTC."
    assert call == replace(CALL, instructions=f"Be kind.\n{facts}")


def test_terms_change_what_the_engine_is_told() -> None:
    request = CallRequest(
        BEN,
        task="Book a table.",
        context={"user_profile": "brief", "guests": 4},
        caller_name="Ann",
        callee_name="Ben",
        session_key="s1",
        voice="sage",
        timezone="Europe/Oslo",
        locale="nb_NO",
    )
    call = with_terms(CALL, request, CONFIG, NOW)
    assert (call.task, call.context) == ("Book a table.", "user profile: brief\nguests: 4")
    assert (call.session_key, call.voice, call.language) == ("agent:jarvis:s1", "sage", "nb")
    assert call.caller == Participant(BEN, "Ben")
    assert call.instructions == (
        "Be kind.\nYou call on behalf of Ann. You call Ben. This call was asked for on Sunday,"
        " 2026-07-05 at 00:30; times are meant in Europe/Oslo. The locale of the other side is"
        " nb_NO."
    )


def test_context_is_text_whatever_it_was() -> None:
    assert context_text("as it is") == "as it is"
    assert context_text({}) == ""
    assert context_text({"a": {"b": ["ü", None]}}) == 'a: {"b": ["ü", null]}'
