"""Answers that are begun before the turn is known to be over, with exact times."""

from __future__ import annotations

import pytest

from pipeline.config import SoundsConfig, TurnsConfig
from pipeline.errors import AgentError, TextToSpeechError
from tests.pipeline.scene import Scene


def test_an_answer_begun_ahead_is_heard_as_soon_as_the_turn_is_over():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "what time is it"},
        scores=(0.20367,),
        replies=("It is four.",),
        asks_ahead=True,
    ).run()
    record = scene.record
    assert record.latency_ms == {
        "vad": 160,
        "smart_turn": pytest.approx(747, abs=1),
        "stt": 0,
        "relevance": 0,
        "gateway": 0,  # asked at 396 ms of silence, and had answered at 896 ms
        "tts": pytest.approx(89, abs=1),
        "total": pytest.approx(996, abs=1),
    }
    assert scene.transport.reply_spans[0][0] == pytest.approx(record.end + 0.996, abs=0.002)
    assert len(scene.agent.asked) == 1


def test_nothing_is_heard_before_the_turn_is_over():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "what time is it"},
        scores=(0.0,),
        asks_ahead=True,
    ).run()
    assert scene.transport.reply_spans[0][0] == pytest.approx(scene.record.end + 1.6, abs=0.002)
    assert scene.record.latency_ms["total"] == 1600
    assert scene.record.latency_ms["tts"] == 0


def test_an_answer_that_is_taken_back_leaves_no_trace():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.5, 3.5)],
        said={("ann", 0.5): "tell me", ("ann", 2.5): "about philosophy"},
        scores=(0.1, 1.0),
        replies=("wrong.", "Philosophy is love of wisdom."),
        asks_ahead=True,
    ).run()
    assert scene.record.text == "tell me about philosophy"
    assert scene.record.heard == "Philosophy is love of wisdom."
    assert [text for *_, text in scene.transport.heard] == ["Philosophy is love of wisdom."]
    first, second = scene.agent.asked
    assert (first.taken_back(), second.taken_back()) == (True, False)
    assert second.interrupted is None


def test_a_failure_that_is_taken_back_is_not_heard_of():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.5, 3.5)],
        said={("ann", 0.5): "tell me", ("ann", 2.5): "about philosophy"},
        scores=(0.1, 1.0),
        replies=(AgentError("broken", spoken="Sorry."), "Philosophy."),
        asks_ahead=True,
    ).run()
    assert scene.record.error is None
    assert [text for *_, text in scene.transport.heard] == ["Philosophy."]


def test_a_failure_ahead_is_told_when_the_turn_is_over():
    scene = Scene(
        [("ann", 0.5, 1.5)],
        said={("ann", 0.5): "tell me"},
        scores=(0.1,),
        replies=(AgentError("broken", spoken="Sorry."),),
        asks_ahead=True,
    ).run()
    assert scene.record.error == "gateway: broken"
    [(start, _)] = scene.transport.reply_spans
    assert start == pytest.approx(scene.record.end + 1.2206, abs=0.01)


MUTE = {text: TextToSpeechError("dead") for text in ("Of what?", "It is love of wisdom.")}
EARCONS = SoundsConfig(thinking=False, words=False)


def test_what_the_voice_failed_to_say_ahead_is_shown_once_and_when_the_turn_is_over():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.5, 3.5)],
        said={("ann", 0.5): "tell me", ("ann", 2.5): "about philosophy"},
        scores=(0.1, 0.1),
        replies=("Of what?", "It is love of wisdom."),
        fails=MUTE,
        asks_ahead=True,
        reads=True,
        sounds=EARCONS,
    ).run()
    over = scene.record.end + 1.22  # the wait that the score calls for
    assert scene.shown == [("It is love of wisdom.", pytest.approx(over, abs=0.01))]
    assert scene.record.error == "tts: dead"
    assert all(start >= over - 0.01 for start, _ in scene.transport.reply_spans)
    assert len(scene.agent.asked) == 2


def test_who_speaks_while_it_sounds_that_the_voice_failed_begins_a_turn():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 3.7, 4.7)],
        said={("ann", 0.5): "what is philosophy", ("ann", 3.7): "what time is it"},
        replies=("It is love of wisdom.", "It is four."),
        fails=MUTE,
        reads=True,
        sounds=EARCONS,
    ).run()
    assert scene.shown[0][1] < 3.7 < scene.transport.heard[1][1]
    assert [text for text, _ in scene.shown] == ["It is love of wisdom."]
    assert [record.error for record in scene.records] == ["tts: dead", None]
    assert scene.records[1].text == "what time is it"


def test_what_is_not_for_the_bot_is_not_asked_ahead():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "did you see the game"},
        scores=(0.1,),
        people=("ann", "ben"),
        asks_ahead=True,
    ).run()
    assert not scene.record.addressed
    assert scene.agent.asked == []


def test_a_turn_is_asked_ahead_a_few_times_at_most():
    pieces = [("ann", 0.5 + 1.5 * n, 1.0 + 1.5 * n) for n in range(6)]
    scene = Scene(
        pieces,
        said={("ann", start): f"word{n}" for n, (_, start, _) in enumerate(pieces)},
        scores=(0.1,) * 5,
        asks_ahead=True,
        closes_at=40.0,
    ).run()
    assert scene.record.text == "word0 word1 word2 word3 word4 word5"
    assert [question.taken_back() for question in scene.agent.asked] == [True] * 3 + [False]


def test_only_one_answer_is_begun_ahead_at_a_time():
    scene = Scene(
        [("ann", 0.5, 2.0), ("ben", 0.6, 2.1)],
        said={("ann", 0.5): "jarvis what time is it", ("ben", 0.6): "jarvis tell me a joke"},
        scores=(0.4, 0.4),
        people=("ann", "ben"),
        asks_ahead=True,
    ).run()
    assert [record.speaker for record in scene.records] == ["Ann", "Ben"]
    ann, ben = scene.agent.asked
    assert not ann.taken_back()
    assert not ben.taken_back()
    assert len(scene.transport.reply_spans) == 2


def test_without_speculation_nothing_is_begun():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "what time is it"},
        scores=(0.5,),
        asks_ahead=True,
        turns=TurnsConfig(speculation=False),
    ).run()
    latency = scene.record.latency_ms
    assert (latency["stt"], latency["gateway"]) == (300, 500)


def test_an_agent_that_keeps_traces_is_asked_when_the_turn_is_over():
    scene = Scene([("ann", 0.5, 2.5)], said={("ann", 0.5): "what time is it"}, scores=(0.5,)).run()
    assert scene.record.latency_ms["gateway"] == 500


def test_a_conversation_that_ends_meanwhile_answers_nothing():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "what time is it"},
        scores=(0.1,),
        asks_ahead=True,
        closes_at=3.2,
    ).run()
    assert scene.record.heard == ""
    assert scene.transport.heard == []
