"""While the agent works, a wait is filled; nothing of that is over the answer or over people."""

from __future__ import annotations

import pytest

from pipeline.config import SoundsConfig
from pipeline.errors import AgentError, SpeechToTextError, TextToSpeechError
from tests.pipeline.scene import Scene

SOUNDS = SoundsConfig(unknown_wait=1.5)
ASKED = {("ann", 0.5): "what time is it"}
WORDS = ("One moment.", "Just a moment.")


def heard(scene: Scene, *texts: str) -> list[tuple[float, float]]:
    return [
        (round(start, 2), round(end, 2))
        for start, end, text in scene.transport.heard
        if text in texts
    ]


def test_a_turn_that_was_taken_is_signed_and_a_long_wait_is_filled():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said=ASKED,
        replies=("It is four.",),
        agent_takes=6.0,
        speech=1.0,
        sounds=SOUNDS,
    ).run()
    sign, thinking = heard(scene, "")
    assert sign == pytest.approx((2.88, 3.08), abs=0.05)  # once the words were judged
    [words] = heard(scene, *WORDS)
    assert words == pytest.approx((4.5, 5.65), abs=0.06)
    assert thinking[0] == pytest.approx(words[1], abs=0.04)
    [answer] = heard(scene, "It is four.")
    assert thinking[1] == pytest.approx(answer[0], abs=0.021)
    assert scene.record.heard == "It is four."
    assert scene.record.latency_ms["total"] == pytest.approx((answer[0] - 2.5) * 1000, abs=30)


def test_nothing_is_signed_that_was_not_for_the_bot():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "did you see the game"},
        people=("ann", "ben"),
        sounds=SOUNDS,
    ).run()
    assert not scene.record.addressed
    assert scene.transport.heard == []


def test_who_goes_on_after_the_sign_is_not_talked_over():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 2.9, 4.0)],
        said={("ann", 0.5): "what time is it", ("ann", 2.9): "in london"},
        replies=("It is four.", "It is three."),
        agent_takes=3.0,
        sounds=SOUNDS,
    ).run()
    sign = heard(scene, "")[0]
    assert sign[1] <= 2.9 + 0.12  # the windows until speech is sure
    assert not [span for span in heard(scene, "", *WORDS) if 3.02 < span[0] < 4.2]
    assert heard(scene, "It is four.") == []


def test_somebody_else_who_speaks_in_the_wait_is_not_talked_over():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ben", 5.0, 6.5)],
        said={**ASKED, ("ben", 5.0): "did you see the game"},
        people=("ann", "ben"),
        relevance=True,
        replies=("It is four.",),
        agent_takes=8.0,
        sounds=SOUNDS,
    )
    scene.said[("ann", 0.5)] = "jarvis what time is it"
    scene.run()
    over = [span for span in heard(scene, "", *WORDS) if span[0] < 6.5 and span[1] > 5.12]
    assert over == []
    assert [span for span in heard(scene, "") if span[0] > 6.5]
    assert heard(scene, "It is four.")


def test_a_failure_ends_the_wait_and_is_told():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said=ASKED,
        replies=(AgentError("gone"),),
        agent_takes=4.0,
        speech=1.0,
        sounds=SOUNDS,
    ).run()
    apology = scene.transport.heard[-1]
    assert apology[2].startswith("Sorry")
    assert apology[0] < 2.5 + 0.2 + 4.0 + 0.5
    assert all(end <= apology[0] + 0.001 for _, end, _ in scene.transport.heard[:-1])


def test_without_a_voice_the_room_hears_that_something_failed():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said=ASKED,
        replies=("It is four.",),
        fails={"It is four.": TextToSpeechError("dead")},
        sounds=SoundsConfig(),
    ).run()
    _, error = heard(scene, "")
    assert error[1] - error[0] == pytest.approx(0.49, abs=0.02)


def test_who_is_alone_hears_that_their_words_were_lost():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): SpeechToTextError("overloaded")},
        sounds=SoundsConfig(),
    ).run()
    [lost] = heard(scene, "")
    assert lost[1] - lost[0] == pytest.approx(0.33, abs=0.02)
    many = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): SpeechToTextError("overloaded")},
        people=("ann", "ben"),
        sounds=SoundsConfig(),
    ).run()
    assert many.transport.heard == []


def test_a_wait_that_is_cancelled_leaves_nothing():
    for at in (2.9, 4.5, 6.0):
        scene = Scene(
            [("ann", 0.5, 2.5)], said=ASKED, agent_takes=20.0, sounds=SOUNDS, cancel_at=at
        ).run()
        assert scene.transport.ledger.seconds_waiting == 0.0


def test_what_was_asked_ahead_is_not_signed_before_the_turn_is_over():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said=ASKED,
        scores=(0.3,),
        replies=("It is four.",),
        agent_takes=3.0,
        asks_ahead=True,
        sounds=SOUNDS,
    ).run()
    assert heard(scene, "")[0][0] > 3.1


@pytest.mark.parametrize(
    ("tool", "words"), [("web_search", "I'm looking it up."), ("exec", "One moment.")]
)
def test_what_is_said_in_a_wait_claims_only_what_is_known(tool: str, words: str):
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said=ASKED,
        replies=("It is four.",),
        agent_takes=6.0,
        speech=1.0,
        tool=tool,
        sounds=SOUNDS,
    ).run()
    [said] = [text for *_, text in scene.transport.heard if text in {*WORDS, "I'm looking it up."}]
    assert said == words or (words in WORDS and said in WORDS)
