"""A turn is found in its session's transcript."""

from typing import Any

import pytest

from openclaw_client.history import TurnInHistory, read_history
from tests.openclaw_client.captured import frames

RESUMED = "[System] Your previous turn was interrupted by a gateway restart while OpenClaw was …"


def user(text: str, key: str = "") -> dict[str, Any]:
    row = {"role": "user", "content": text}
    return {**row, "idempotencyKey": f"{key}:user"} if key else row


def assistant(text: str, reason: str = "stop", run: str = "k", **more: Any) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "stopReason": reason,
        "__openclaw": {"runId": run},
        **more,
    }


def find(*rows: dict[str, Any], **more: Any) -> TurnInHistory | None:
    return TurnInHistory.find({"messages": list(rows), **more}, "k", "hi")


def test_messages_have_role_text_key_and_run():
    asked, said = read_history({"messages": [user("hi", "k"), assistant("hello")]})
    assert (asked.role, asked.text, asked.idempotency_key) == ("user", "hi", "k")
    assert (said.role, said.text, said.run_id, said.finished) == ("assistant", "hello", "k", True)


@pytest.mark.parametrize("payload", [{}, {"messages": None}, {"messages": [None, 5, {}]}])
def test_what_is_no_history_is_empty(payload: dict[str, Any]):
    assert read_history(payload) == ()


def test_a_turn_that_the_session_never_got_is_not_found():
    assert find(user("other", "j"), assistant("hello")) is None


def test_a_turn_that_was_answered_has_its_reply():
    assert find(user("hi", "k"), assistant("hello")) == TurnInHistory("hello")


def test_the_reply_ends_where_the_next_turn_begins():
    found = find(user("hi", "k"), assistant("hello"), user("next", "j"), assistant("other"))
    assert found == TurnInHistory("hello")


def test_what_the_agent_said_by_itself_afterwards_is_not_part_of_the_reply():
    found = find(user("hi", "k"), assistant("hello"), assistant("Tea is ready.", run="other"))
    assert found == TurnInHistory("hello")
    assert find(user("hi", "k"), assistant("Tea is ready.", run="other")) == TurnInHistory(None)


def test_a_run_may_have_another_id_than_the_key_of_its_turn():
    rows = {"messages": [user("hi", "k"), assistant("hello", run="other")]}
    assert TurnInHistory.find(rows, "k", "hi", "other") == TurnInHistory("hello")


def test_a_turn_that_somebody_stopped_is_over_but_not_finished():
    rows = [user("hi", "k"), assistant("One", openclawAbort={"aborted": True, "origin": "rpc"})]
    _, said = read_history({"messages": rows})
    assert (said.finished, said.aborted) == (False, True)
    assert find(*rows) == TurnInHistory("One")


def test_words_before_a_tool_belong_to_the_reply():
    call = {"role": "assistant", "content": [{"type": "toolCall"}], "stopReason": "toolUse"}
    found = find(user("hi", "k"), assistant("One moment.", "toolUse"), call, assistant("Ten."))
    assert found == TurnInHistory("One moment.\n\nTen.")


@pytest.mark.parametrize("reason", ["toolUse", "aborted", "error"])
def test_a_turn_that_is_not_finished_has_no_reply_yet(reason: str):
    assert find(user("hi", "k"), assistant("One", reason)) == TurnInHistory(None)


def test_a_turn_in_flight_has_no_reply_yet():
    assert find(user("hi", "k"), assistant("x"), inFlightRun={"runId": "k"}) == TurnInHistory(None)


def test_a_turn_that_the_gateway_took_up_again_goes_on_as_another_run():
    found = find(user("hi", "k"), assistant("part", "aborted"), user(RESUMED, "new"))
    assert found == TurnInHistory(None, "new")


def test_a_turn_that_was_taken_up_and_answered_has_the_reply_of_that_run():
    found = find(user("hi", "k"), user(RESUMED, "new"), assistant("whole", run="new"))
    assert found == TurnInHistory("whole", "new")


@pytest.mark.parametrize("ours", ["k", "r"])
def test_a_turn_sent_again_beside_the_one_taken_up_does_not_hide_its_reply_by_failing(ours: str):
    failure = assistant("The agent run failed.", "error", run=ours)
    rows = [user("hi", "k"), user(RESUMED, "new"), assistant("hello", run="new"), failure]
    found = TurnInHistory.find({"messages": rows}, "k", "hi", ours)
    assert found == TurnInHistory("hello", "new")
    found = TurnInHistory.find({"messages": [*rows[:2], failure]}, "k", "hi", ours)
    assert found == TurnInHistory(None, "new")


def test_without_keys_the_last_message_of_a_user_is_known_by_its_words():
    assert find(user("other"), assistant("x"), user("hi"), assistant("hello")) == (
        TurnInHistory("hello")
    )
    assert find(user("hi"), assistant("hello"), user("other"), assistant("x")) is None
    assert find() is None


def test_a_real_history_of_a_turn_in_flight():
    rows = frames("2026.9.6", "reconnect_midrun")
    payload = next(one["frame"]["payload"] for one in rows if "messages" in str(one["frame"]))
    key = payload["inFlightRun"]["runId"]
    assert TurnInHistory.find(payload, key, "") == TurnInHistory(None)
