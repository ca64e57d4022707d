"""Parts of a Realtime call that keep one thing each."""

from __future__ import annotations

import pytest

from server.phone.engines.realtime.caller_turns import CallerTurns
from server.phone.engines.realtime.keys import PAUSE, Keys
from server.phone.engines.realtime.memory import MOST_CHARACTERS, Memory
from server.phone.engines.realtime.problems import (
    Verdict,
    judge_error,
    judge_response,
    refusal,
    wait_before,
)
from server.phone.engines.realtime.tool_calls import BRIDGE, ToolCalls


def texts(memory: Memory) -> list[tuple[str, str]]:
    items = [event["item"] for event in memory.to_events("past_1")]
    return [(item["role"], item["content"][0]["text"]) for item in items]


def test_memory_is_in_the_order_in_which_things_were_said():
    memory = Memory()
    memory.add(1.0, "assistant", "Hello.")
    memory.add(5.0, "assistant", "Blue.")
    memory.add(3.0, "user", "What colour?")  # its words came after the answer
    memory.add(6.0, "user", "")
    assert texts(memory) == [
        ("assistant", "Hello."),
        ("user", "What colour?"),
        ("assistant", "Blue."),
    ]
    ids = [event["item"]["id"] for event in memory.to_events("past_1")]
    assert len(set(ids)) == 3


def test_memory_of_a_long_call_leaves_its_beginning_out():
    memory = Memory()
    for number in range(5):
        memory.add(float(number), "user", str(number) * (MOST_CHARACTERS // 4))
    told = texts(memory)
    assert told[0] == ("system", "The call has lasted long; its beginning is left out here.")
    assert [text[0] for _, text in told[1:]] == ["1", "2", "3", "4"]


def test_a_row_of_keys_ends_with_a_pause_or_a_hash():
    keys = Keys()
    keys.press("1", 0.0)
    keys.press("2", 1.0)
    assert keys.take(1.0 + PAUSE - 0.1) == ""
    assert keys.take(keys.deadline()) == "12"
    assert keys.deadline() is None
    keys.press("7", 5.0)
    keys.press("#", 5.1)
    assert keys.take(5.1) == "7#"


def test_a_turn_is_found_in_the_sound_that_was_sent():
    turns = CallerTurns(silence=0.5)
    turns.send(8000 * 4)
    assert turns.start("u1", 3000, 20.0) == 19.0
    turns.stop("u1", 4000, 20.0)
    assert turns.waited(21.0) == 1.5
    assert turns.waited(22.0) is None
    turns.begin_session()
    turns.send(8000)
    assert turns.start("u2", 500, 30.0) == 29.5
    assert turns.transcribe("u9", "Who?") is None


@pytest.mark.parametrize(
    ("attempt", "message", "seconds"),
    [
        (1, "", 0.5),
        (3, "", 2.0),
        (1, "Rate limit reached. Please try again in 1.2s.", 1.2),
        (1, "Please try again in 900ms.", 0.9),
        (1, "Please try again in 6m0s.", 20.0),
        (1, "Please try again in ... s", 0.5),
        (9, "", 20.0),
    ],
)
def test_how_long_to_wait(attempt, message, seconds):
    assert wait_before(attempt, message) == pytest.approx(seconds)


def test_what_errors_mean():
    assert judge_response("server_error") is Verdict.AGAIN
    assert judge_response(None) is Verdict.AGAIN
    assert judge_response("insufficient_quota") is Verdict.HOPELESS
    assert judge_error("invalid_request_error", "session_expired") is Verdict.NEW_SESSION
    assert judge_error("invalid_request_error", "invalid_value") is Verdict.HARMLESS
    assert judge_error("server_error", None) is Verdict.AGAIN
    assert judge_error("invalid_request_error", "beta_api_shape_disabled") is Verdict.HOPELESS
    assert "OPENAI_API_KEY" in refusal("invalid_api_key", "Incorrect key sk-12")
    assert "sk-12" not in refusal("invalid_api_key", "Incorrect key sk-12")


def test_a_call_of_a_function_is_bridged_then_overdue_then_late():
    calls = ToolCalls(patience=30.0)
    calls.begin("f1", "ask_openclaw", 0.0, announced=False)
    assert calls.waiting
    assert calls.deadline() == BRIDGE
    assert calls.wants_bridge(BRIDGE)
    assert not calls.wants_bridge(BRIDGE)
    assert calls.overdue(29.0) == []
    assert calls.overdue(30.0) == ["f1"]
    assert not calls.waiting
    assert calls.running
    answered = calls.finish("f1", "Yes.", 40.0)
    assert answered.late
    assert answered.used.seconds == 40.0
    assert calls.finish("f1", "Yes.", 41.0) is None
    assert calls.deadline() is None


def test_calls_of_a_session_that_is_gone_are_late():
    calls = ToolCalls(patience=30.0)
    calls.begin("f1", "ask_openclaw", 0.0, announced=False)
    calls.lose()
    assert not calls.waiting
    assert calls.finish("f1", "Yes.", 1.0).late
