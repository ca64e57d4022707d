"""Runs are found by their ids, however and whenever their events come."""

import json
from typing import Any

import pytest

from openclaw_client.frames import Event, parse_frame
from openclaw_client.runs import (
    EARLY_EVENTS,
    EARLY_RUNS,
    ChatEvent,
    ChatState,
    Outcome,
    Run,
    Runs,
    read_chat,
    result_text,
)
from tests.openclaw_client.captured import VERSIONS, WITH_AGENT_METHOD, frames, incoming

SESSION = "agent:main:x"


def delta(text: str, run_id: str = "k", seq: int | None = None, **more: Any) -> ChatEvent:
    return ChatEvent(run_id, SESSION, ChatState.DELTA, seq=seq, text=text, **more)


def final(text: str | None, run_id: str = "k", seq: int | None = None) -> ChatEvent:
    return ChatEvent(run_id, SESSION, ChatState.FINAL, seq=seq, text=text)


def replayed(version: str, scenario: str, *, number: int = 0) -> tuple[Run, list[str]]:
    """Play a captured scenario into the run of its ``number``-th turn; return its words."""
    rows = frames(version, scenario)
    turns = [
        one["frame"]["params"]
        for one in rows
        if one["dir"] == "out" and one["frame"]["method"] in {"agent", "chat.send"}
    ]
    run = Run(turns[number]["idempotencyKey"], turns[number]["sessionKey"])
    runs = Runs()
    runs.add(run)
    words = []
    for text in incoming(version, scenario):
        frame = parse_frame(text)
        if isinstance(frame, Event) and frame.name == "chat" and (chat := read_chat(frame.payload)):
            runs.receive(chat)
        if new := run.take():
            words.append(new)
    return run, words


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_turn_streams_and_finishes(version: str):
    run, words = replayed(version, "chat_basic")
    assert "".join(words) == " ".join(f"w{n}" for n in range(12))
    assert len(words) > 2
    assert run.outcome is Outcome.FINISHED


@pytest.mark.parametrize("version", WITH_AGENT_METHOD)
def test_a_captured_turn_by_method_agent(version: str):
    run, words = replayed(version, "agent_turn")
    assert "".join(words) == "w0 w1 w2 w3 w4 w5 w6 w7"
    assert run.outcome is Outcome.FINISHED


@pytest.mark.parametrize("version", WITH_AGENT_METHOD)
def test_two_captured_turns_in_one_session_keep_their_words(version: str):
    assert "".join(replayed(version, "agent_busy")[1]).startswith("w0 w1")
    assert "".join(replayed(version, "agent_busy", number=1)[1]) == "the second reply"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_retry_is_not_spoken_twice(version: str):
    run, words = replayed(version, "chat_retry_replace")
    assert "".join(words).count("one") == 1
    assert run.outcome is not None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_captured_abort(version: str):
    run, words = replayed(version, "chat_abort_run")
    assert words
    assert run.outcome is Outcome.ABORTED


@pytest.mark.parametrize("version", WITH_AGENT_METHOD)
def test_a_captured_abort_of_method_agent(version: str):
    run, _ = replayed(version, "agent_barge_in")
    assert (run.outcome, run.reason) == (Outcome.ABORTED, "rpc")


def test_a_captured_error_has_its_reason():
    run, words = replayed("2026.9.6", "chat_error_400")
    assert run.outcome is Outcome.FAILED
    assert "provider rejected" in run.reason
    assert not words


def test_events_under_an_id_that_differs_are_kept_until_the_acknowledgement():
    runs, run = Runs(), Run("k", SESSION)
    runs.add(run)
    assert runs.receive(delta("one", "other")) is None
    runs.receive(delta("one two", "other"))
    runs.acknowledge(run, "other")
    assert run.take() == "one two"
    assert runs.receive(final("one two three", "other")) is run
    assert run.take() == " three"
    assert runs.find("k") is None


def test_events_of_foreign_runs_are_dropped_once_all_is_acknowledged():
    runs, run = Runs(), Run("k", SESSION)
    runs.add(run)
    runs.receive(delta("foreign", "f"))
    runs.acknowledge(run, "k")
    runs.receive(delta("foreign", "f"))
    late = Run("f", SESSION)
    runs.add(late)
    runs.acknowledge(late, "f")
    assert late.take() == ""


def test_what_is_kept_of_early_events_is_bounded():
    runs, run = Runs(), Run("k", SESSION)
    runs.add(run)
    for number in range(EARLY_RUNS + 5):
        for seq in range(EARLY_EVENTS + 5):
            part = ChatEvent(f"f{number}", SESSION, ChatState.DELTA, seq=seq, delta="x")
            runs.receive(part)
    assert len(runs._early) == EARLY_RUNS
    assert all(len(events) == EARLY_EVENTS for events in runs._early.values())
    runs.acknowledge(run, f"f{EARLY_RUNS + 4}")
    assert run.take() == "x" * EARLY_EVENTS


def test_of_early_events_with_the_whole_text_one_is_enough():
    runs, run = Runs(), Run("k", SESSION)
    runs.add(run)
    for seq in (1, 2, 5, 4):
        runs.receive(delta("w" * seq, "other", seq))
    runs.receive(final("wwwwww", "other", 5))
    assert [(event.state, event.seq) for event in runs._early["other"]] == [
        (ChatState.DELTA, 5),
        (ChatState.DELTA, 4),
        (ChatState.FINAL, 5),
    ]
    runs.acknowledge(run, "other")
    assert (run.take(), run.outcome) == ("wwwwww", Outcome.FINISHED)


def test_the_end_of_one_turn_leaves_another_under_the_same_key():
    runs, first, second = Runs(), Run("k", SESSION), Run("k", SESSION)
    runs.add(first)
    runs.add(second)
    runs.remove(first)
    assert runs.find("k") is second
    runs.remove(second)
    assert runs.find("k") is None


def test_late_and_repeated_events_say_nothing_new():
    run = Run("k", SESSION)
    for event in (
        delta("w0 w1", seq=2),
        delta("w0", seq=1),
        delta("w0 w1", seq=2),
        delta("w0 w1 w2", seq=3),
        final("w0 w1 w2 w3", seq=3),
        final("w0 w1 w2 w3", seq=3),
        delta("w0 w1 w2 w3 w4", seq=9),
    ):
        run.receive(event)
    assert run.take() == "w0 w1 w2 w3"
    assert run.outcome is Outcome.FINISHED


def test_events_with_only_the_new_part_are_joined_once():
    run = Run("k", SESSION)
    part = ChatEvent("k", SESSION, ChatState.DELTA, seq=1, delta="one")
    for event in (part, part, ChatEvent("k", SESSION, ChatState.DELTA, seq=2, delta=" two")):
        run.receive(event)
    assert run.take() == "one two"


def test_an_empty_final_leaves_what_was_said():
    run = Run("k", SESSION)
    run.receive(delta("one"))
    run.receive(final(None))
    assert (run.take(), run.outcome, run.said) == ("one", Outcome.FINISHED, True)


def test_a_run_without_words_has_said_nothing():
    run = Run("k", SESSION)
    run.receive(final("  "))
    assert not run.said


def test_what_the_agent_gave_its_own_tts_tool_is_the_reply_when_there_is_no_other():
    run = Run("k", SESSION)
    run.receive_tool("ls", {"path": "."})
    run.receive_tool("tts", {"text": "It is ten."})
    run.receive(final(""))
    assert run.take() == "It is ten."


def test_what_the_agent_gave_its_own_tts_tool_is_not_said_beside_a_reply():
    run = Run("k", SESSION)
    run.receive_tool("tts", {"text": "It is ten."})
    run.receive(final("Ten."))
    assert run.take() == "Ten."


def test_a_run_that_goes_on_under_another_id_does_not_repeat_itself():
    runs, run = Runs(), Run("k", SESSION)
    runs.add(run)
    runs.acknowledge(run, "k")
    runs.receive(delta("w0 w1 w2", "k", 12))
    runs.acknowledge(run, "new")
    for event in (delta("w0", "new", 1), delta("w0 w1 w2 w3", "new", 4)):
        runs.receive(event)
    assert run.take() == "w0 w1 w2 w3"


def test_runs_of_a_session_that_have_not_ended():
    runs, run, other = Runs(), Run("k", SESSION), Run("o", "agent:main:y")
    runs.add(run)
    runs.add(other)
    assert runs.in_session(SESSION) == [run]
    run.finish("done")
    assert runs.in_session(SESSION) == []
    runs.remove(run)
    assert runs.find("k") is None


@pytest.mark.parametrize(
    "payload", [{}, {"runId": "r"}, {"runId": "", "state": "final"}, {"runId": "r", "state": "new"}]
)
def test_chat_events_that_are_of_no_use_are_ignored(payload: dict[str, Any]):
    assert read_chat(payload) is None


def test_the_result_of_a_run_has_its_words():
    result = {"result": {"payloads": [{"text": "One."}, {"text": None}, {"text": "Two."}, 5]}}
    assert result_text(result) == "One.\n\nTwo."
    assert result_text({}) == ""


def test_the_result_of_a_captured_run():
    second = [
        one["frame"]["payload"]
        for one in frames("2026.9.6", "agent_turn")
        if "summary" in json.dumps(one["frame"])
    ]
    assert result_text(second[0]) == "w0 w1 w2 w3 w4 w5 w6 w7"
