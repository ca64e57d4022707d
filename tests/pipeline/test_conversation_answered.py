"""Somebody else answers before the bot does."""

from __future__ import annotations

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


def test_who_named_the_agent_is_answered_by_it_all_the_same():
    scene = asks("jarvis what time is it", "ten past four", asks_ahead=False)
    assert of(scene, "Ann").heard == "ok."


def test_what_is_no_answer_changes_nothing():
    scene = asks("what time is it", "where is my hat", asks_ahead=False)
    assert of(scene, "Ann").heard == "ok."
