"""Voices in a whole conversation: asked for aloud, by the agent, and by the reply's language."""

from __future__ import annotations

from pipeline.voice_choice import VoiceChoices
from pipeline.voice_names import ServerVoices
from tests.pipeline.scene import Scene

SERVER = ("deep", "bright", "nova", "de", "en-029")


def voices() -> VoiceChoices:
    return VoiceChoices(ServerVoices(SERVER))


def test_slower_is_done_and_answered_without_the_agent():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 8.0, 10.0)],
        said={("ann", 0.5): "Speak slower, please.", ("ann", 8.0): "what time is it"},
        replies=("It is four.",),
    ).run()
    asked, answered = scene.records
    assert asked.reply == asked.heard == "Okay, slower."
    assert asked.why.endswith("asks for another voice or pace")
    assert asked.error is None
    assert [question.text for question in scene.agent.asked] == ["what time is it"]
    assert answered.reply == "It is four."
    assert scene.tts.speeds == [0.85, 0.85]


def test_what_is_not_for_the_bot_changes_nothing():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "Speak slower, please."},
        people=("ann", "ben"),
    ).run()
    assert not scene.record.addressed
    assert scene.voices.chosen() == {}


def test_slower_is_done_once_however_often_the_speaker_pauses():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 2.65, 3.5)],
        said={("ann", 0.5): "Speak slower please."},
        asks_ahead=True,
    ).run()
    assert scene.tts.speeds == [0.85]


def test_who_asks_over_a_reply_for_a_slower_one_cuts_it_off_and_the_agent_gets_to_know():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 8.0, 9.5), ("ann", 34.0, 36.0)],
        said={
            ("ann", 0.5): "tell me a story",
            ("ann", 8.0): "Jarvis, speak slower please.",
            ("ann", 34.0): "tell me the rest of the story",
        },
        replies=("Once upon a time there was a fox and that is all.", "So it was."),
        speech=20.0,
        closes_at=60.0,
    ).run()
    story, slower, _ = scene.records
    assert story.interrupted
    assert slower.reply == "Okay, slower."
    assert len(scene.agent.asked) == 2
    assert scene.agent.asked[1].interrupted == story.heard


def test_slower_at_the_very_beginning_of_a_reply_has_it_said_again():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 4.4, 6.0)],
        said={("ann", 0.5): "what time is it", ("ann", 4.4): "Speak slower please."},
        replies=("It is four o'clock.", "It is four o'clock."),
        speech=5.0,
    ).run()
    assert [question.text for question in scene.agent.asked] == ["what time is it"] * 2
    assert scene.records[-1].reply == "Okay, slower.\n\nIt is four o'clock."
    assert scene.tts.speeds == [1.0, 0.85, 0.85]


def test_a_voice_is_changed_by_its_name():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 8.0, 10.0)],
        said={
            ("ann", 0.5): "Change your voice to Nova.",
            ("ann", 8.0): "Change your voice to Elvis.",
        },
        replies=("I cannot.",),
        voices=voices(),
    ).run()
    assert scene.tts.said == [("nova", "Okay, this is my voice now."), ("nova", "I cannot.")]
    assert [question.text for question in scene.agent.asked] == ["Change your voice to Elvis."]


def test_a_short_answer_to_the_bots_question_is_for_the_agent():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 6.5, 7.5)],
        said={("ann", 0.5): "turn the fan up", ("ann", 6.5): "Faster."},
        replies=("Shall it go slower or faster?", "Done."),
    ).run()
    assert [question.text for question in scene.agent.asked] == ["turn the fan up", "Faster."]


def test_a_reply_is_spoken_in_its_language_and_as_it_asks():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 10.0, 12.0), ("ann", 18.0, 20.0)],
        said={("ann", 0.5): "one", ("ann", 10.0): "two", ("ann", 18.0): "three"},
        replies=(
            "Das ist nicht die richtige Antwort.",
            '{"voice": "nova", "speed": 1.2}\nSure.',
            "Still me.",
        ),
        voices=voices(),
        closes_at=40.0,
    ).run()
    (german, _), (second, _), (third, _) = scene.tts.said
    assert german.startswith("de")
    assert (second, third) == ("nova", "nova")
    assert scene.tts.speeds == [1.0, 1.2, 1.2]


def test_the_voice_is_made_ready_at_the_first_pause():
    scene = Scene([("ann", 0.5, 2.5)], said={("ann", 0.5): "one"}, replies=("Yes.",)).run()
    assert scene.tts.warmed >= 1
