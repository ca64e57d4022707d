"""Somebody else answers before the bot does."""

from __future__ import annotations

import pytest

from tests.pipeline.scene import Scene


def asks(question: str, answer: str, *, asks_ahead: bool, sensitivity: str = "high") -> Scene:
    """Let Ann ask, and Ben say something before the agent, which takes 2 s, has answered."""
    return Scene(
        [("ann", 0.5, 2.5), ("ben", 2.9, 3.6)],
        said={("ann", 0.5): question, ("ben", 2.9): answer},
        people=("ann", "ben"),
        agent_takes=2.0,
        asks_ahead=asks_ahead,
        sensitivity=sensitivity,
    ).run()


def of(scene: Scene, speaker: str):
    return next(record for record in scene.records if record.speaker == speaker)


def test_the_bot_drops_its_answer_when_a_person_answers_first():
    for asks_ahead in (False, True):
        scene = asks("what time is it", "ten past four", asks_ahead=asks_ahead)
        record = of(scene, "Ann")
        assert record.addressed
        assert (record.reply, record.heard, record.error) == ("", "", None)
        assert record.why.endswith("; answered by Ben")
        assert scene.transport.heard == []


def test_who_named_the_agent_is_answered_unless_somebody_plainly_has():
    for answer, heard in (("ten past four", ""), ("it is four", ""), ("nice hat", "ok.")):
        scene = asks("jarvis what time is it", answer, asks_ahead=False, sensitivity="medium")
        assert of(scene, "Ann").heard == heard


def test_who_begins_to_answer_is_let_finish():
    for asks_ahead in (False, True):
        scene = Scene(
            [("ann", 0.5, 2.5), ("ben", 2.6, 5.0)],
            said={("ann", 0.5): "what is the capital of australia", ("ben", 2.6): "it is canberra"},
            people=("ann", "ben"),
            asks_ahead=asks_ahead,
            sensitivity="high",
        ).run()
        assert scene.transport.heard == []
        assert of(scene, "Ann").why.endswith("; answered by Ben")


def test_who_has_something_else_to_say_is_let_finish_for_as_long_as_is_polite():
    for end, start in ((4.0, 4.4), (20.0, 2.484 + 0.996 + 5.0)):
        scene = Scene(
            [("ann", 0.5, 2.5), ("ben", 2.6, end)],
            said={("ann", 0.5): "jarvis what time is it", ("ben", 2.6): "and then we went home"},
            people=("ann", "ben"),
        ).run()
        assert scene.transport.reply_spans[0][0] == pytest.approx(start, abs=0.05)
        assert of(scene, "Ann").heard == "ok."


def test_what_is_no_answer_changes_nothing():
    scene = asks("what time is it", "where is my hat", asks_ahead=False)
    assert of(scene, "Ann").heard == "ok."
