"""The agent is asked about close decisions, once the turn is over."""

from __future__ import annotations

import pytest

from tests.pipeline.fakes import FakeAgent
from tests.pipeline.scene import Scene

CLOSE = "who took the blue folder from the desk"


def heard(judge: FakeAgent | None, text: str = CLOSE, **more) -> Scene:
    return Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): text},
        people=("ann", "ben"),
        sensitivity="high",
        judge=judge,
        **more,
    ).run()


@pytest.mark.parametrize(("verdict", "reply"), [("Yes.", "ok."), ("No.", ""), ("Hm.", "")])
def test_a_close_decision_is_the_agents(verdict, reply):
    judge = FakeAgent(verdict, takes=0.1)
    scene = heard(judge)
    assert scene.record.reply == reply
    assert scene.record.addressed == (reply != "")
    assert len(judge.asked) == 1
    assert CLOSE in judge.asked[0].text


def test_a_clear_decision_is_not_asked_about():
    judge = FakeAgent("No.", takes=0.1)
    assert heard(judge, "jarvis what time is it").record.reply == "ok."
    assert judge.asked == []


def test_without_a_judge_the_rules_decide():
    assert not heard(None).record.addressed


def test_a_pause_is_not_asked_about():
    judge = FakeAgent("Yes.", takes=0.1)
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 3.2, 4.0)],
        said={("ann", 0.5): CLOSE, ("ann", 3.2): "you know"},
        scores=(0.1, 1.0),
        people=("ann", "ben"),
        sensitivity="high",
        judge=judge,
    ).run()
    assert len(scene.records) == 1
    assert len(judge.asked) <= 1
    assert not any(CLOSE + '"' in question.text for question in judge.asked)
