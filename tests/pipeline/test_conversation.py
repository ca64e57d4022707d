"""Whole conversations, scripted, with exact times on the audio clock."""

from __future__ import annotations

import pytest

from pipeline.config import TurnsConfig
from pipeline.errors import AgentError, SpeechToTextError, TextToSpeechError
from tests.pipeline.scene import Scene


def test_one_turn_its_record_and_its_latencies():
    scene = Scene(
        [("ann", 0.5, 2.5)], said={("ann", 0.5): "what time is it"}, replies=("It is four.",)
    ).run()
    record = scene.record
    assert record.to_json() == {
        "type": "turn",
        "id": record.id,
        "conversation": "demo",
        "at": "2026-01-02T03:04:05.500+00:00",
        "speaker": "Ann",
        "speaker_id": "ann",
        "start": 0.5,
        "end": pytest.approx(2.5, abs=0.02),
        "ended_by": "smart_turn",
        "end_of_turn_probability": 1.0,
        "text": "what time is it",
        "language": "en",
        "addressed": True,
        "relevance": record.relevance,
        "why": record.why,
        "agent": "jarvis",
        "session_key": None,
        "continues": None,
        "reply": "It is four.",
        "heard": "It is four.",
        "interrupted": False,
        "error": None,
        "latency_ms": {
            "vad": 160,  # the pause
            "smart_turn": 40,  # the model takes 20 ms; a certain score ends the turn at 200 ms
            "stt": 196,  # 300 ms, begun at 96 ms of silence
            "relevance": 0,
            "gateway": 500,
            "tts": 100,
            "total": 996,
        },
    }
    question = scene.agent.asked[0]
    assert question.message == "Ann: what time is it"
    assert question.agent == "jarvis"
    assert scene.tts.said == [("deep", "It is four.")]
    start = record.end + 0.996
    assert scene.transport.reply_spans == [
        (pytest.approx(start, abs=0.002), pytest.approx(start + 2.0, abs=0.002))
    ]


def test_recognition_gets_the_speech_with_a_little_silence_around_it():
    scene = Scene([("ann", 0.5, 2.5)], said={("ann", 0.5): "hello there"}).run()
    segment = scene.stt.segments[0]
    assert segment.start == pytest.approx(0.3)
    assert segment.end == pytest.approx(2.6, abs=0.02)
    assert segment.voiced == pytest.approx(2.0, abs=0.04)


def test_an_uncertain_pause_hides_recognition_wholly():
    scene = Scene([("ann", 0.5, 2.5)], said={("ann", 0.5): "and then"}, scores=(0.20367,)).run()
    latency = scene.record.latency_ms
    assert latency["smart_turn"] == pytest.approx(747, abs=1)
    assert latency["stt"] == 0


def test_a_pause_inside_a_sentence_is_waited_out():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.2, 3.2)],
        said={("ann", 0.5): "what is the", ("ann", 2.2): "weather in london"},
        scores=(0.1, 1.0),
    ).run()
    assert scene.record.text == "what is the weather in london"
    assert (scene.record.start, scene.record.end) == (0.5, pytest.approx(3.2, abs=0.02))
    assert len(scene.agent.asked) == 1
    assert scene.stt.started[0].cancelled


def test_speech_that_resumes_while_the_agent_thinks_is_one_turn_answered_once():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.2, 3.2)],
        said={("ann", 0.5): "tell me", ("ann", 2.2): "about philosophy"},
        replies=("wrong.", "Philosophy is love of wisdom."),
        agent_takes=2.0,
    ).run()
    assert scene.record.text == "tell me about philosophy"
    assert scene.record.reply == "Philosophy is love of wisdom."
    assert scene.agent.aborted == 1
    assert scene.tts.said == [("deep", "Philosophy is love of wisdom.")]


def test_barge_in_stops_the_reply_and_the_agent_is_told_what_was_heard():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 8.0, 9.5)],
        said={("ann", 0.5): "tell me a story", ("ann", 8.0): "no tell me a joke"},
        replies=("Once upon a time there was a very old king who had a horse.",),
        speech=10.0,
    ).run()
    first, second = scene.records
    assert first.interrupted
    assert first.error is None
    assert first.reply == "Once upon a time there was a very old king who had a horse."
    assert first.heard
    assert first.reply.startswith(first.heard)
    assert len(first.heard.split()) == pytest.approx(14 * (8.32 - 3.496) / 10, abs=1)
    end = scene.transport.reply_spans[0][1]
    assert end == pytest.approx(8.0 + 9 * 0.032, abs=0.001)
    assert scene.agent.asked[1].interrupted == first.heard
    assert second.reply == "ok."
    assert second.continues is None


def test_a_nod_right_after_the_own_turn_is_a_new_record_that_names_the_first():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 3.0, 3.4)],
        said={("ann", 0.5): "what is the weather", ("ann", 3.0): "mm-hm"},
        replies=("It is raining here all day.",),
        speech=5.0,
        agent_takes=0.3,
    ).run()
    second, first = scene.records
    assert first.heard == first.reply != ""
    assert second.continues == first.id


def test_a_backchannel_does_not_stop_the_reply():
    scene = Scene(
        [("ann", 0.5, 2.5), ("ann", 5.0, 5.27)],
        said={("ann", 0.5): "tell me a story", ("ann", 5.0): "mm-hm"},
        replies=("Once upon a time.",),
        speech=6.0,
    ).run()
    first = next(record for record in scene.records if record.text == "tell me a story")
    assert not first.interrupted
    assert first.heard == first.reply
    [(start, end)] = scene.transport.reply_spans
    assert end - start == pytest.approx(6.0)
    assert len(scene.agent.asked) == 1


def test_two_people_who_overlap_are_two_clean_turns_answered_in_order():
    scene = Scene(
        [("ann", 0.5, 3.0), ("ben", 1.5, 3.5)],
        said={("ann", 0.5): "jarvis what time is it", ("ben", 1.5): "sage tell me a story"},
        replies=("It is four.", "Once upon a time."),
        people=("ann", "ben"),
    ).run()
    first, second = scene.records
    assert (first.speaker, first.text) == ("Ann", "jarvis what time is it")
    assert (second.speaker, second.text) == ("Ben", "sage tell me a story")
    assert not first.interrupted
    assert first.heard == "It is four."
    assert [q.agent for q in scene.agent.asked] == ["jarvis", "sage"]
    assert scene.tts.said == [("deep", "It is four."), ("bright", "Once upon a time.")]
    assert second.latency_ms["gateway"] > 2000  # it waited for the first reply to end


def test_talk_between_people_is_recorded_but_not_answered():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "did you watch the game last night"},
        people=("ann", "ben"),
    ).run()
    assert not scene.record.addressed
    assert scene.record.reply == ""
    assert scene.record.latency_ms["total"] is None
    assert scene.record.latency_ms["gateway"] is None
    assert scene.agent.asked == []


def test_a_remark_that_was_not_for_the_bot_may_be_gone_on_with():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.0, 3.0)],
        said={("ann", 0.5): "i was thinking", ("ann", 2.0): "about the game last night"},
        people=("ann", "ben"),
    ).run()
    assert scene.record.text == "i was thinking about the game last night"
    assert (scene.record.start, scene.record.end) == (0.5, pytest.approx(3.0, abs=0.02))


def test_a_remark_long_after_one_that_was_not_for_the_bot_is_a_turn_of_its_own():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 2.6, 3.6)],
        said={("ann", 0.5): "i was thinking", ("ann", 2.6): "about the game last night"},
        people=("ann", "ben"),
    ).run()
    assert [record.text for record in scene.records] == [
        "i was thinking",
        "about the game last night",
    ]


def test_a_remark_that_is_held_open_does_not_hold_up_the_next_answer():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ben", 0.6, 1.6)],
        said={("ann", 0.5): "i was thinking", ("ben", 0.6): "jarvis what time is it"},
        people=("ann", "ben"),
    ).run()
    answered = next(record for record in scene.records if record.addressed)
    assert answered.latency_ms["total"] == 996


def test_without_relevance_every_turn_is_answered():
    scene = Scene(
        [("ann", 0.5, 2.5)], said={("ann", 0.5): "hm"}, people=("ann", "ben"), relevance=False
    ).run()
    assert scene.record.relevance is None
    assert scene.record.addressed


def test_no_words_is_no_turn():
    scene = Scene([("ann", 0.5, 1.5)]).run()
    assert scene.records == []
    assert scene.agent.asked == []


def test_a_click_is_no_turn():
    scene = Scene([("ann", 0.5, 0.66)], said={("ann", 0.5): "you"}).run()
    assert scene.records == []
    assert scene.stt.started == []


def test_a_sentence_is_spoken_while_the_agent_still_writes():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "tell me a story"},
        replies=(["Once upon a time. ", "There was a king. ", "The end."],),
        agent_takes=1.0,
        speech=1.0,
    ).run()
    assert [text for _, text in scene.tts.said] == [
        "Once upon a time.",
        "There was a king.",
        "The end.",
    ]
    first_reply = scene.transport.heard[0][0]
    assert first_reply < scene.record.end + 0.4 + 2.0 + 0.2
    assert scene.record.heard == "Once upon a time. There was a king. The end."


def test_an_agent_that_fails_is_told_to_the_room_and_the_next_turn_works():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 10.0, 11.0)],
        said={("ann", 0.5): "what time is it", ("ann", 10.0): "what time is it"},
        replies=(AgentError("connection refused"), "It is four."),
    ).run()
    first, second = scene.records
    assert first.error == "gateway: connection refused"
    assert (first.reply, first.heard) == ("", "")
    assert first.latency_ms["total"] is None
    assert scene.tts.said[0] == ("deep", "Sorry, I could not reach the agent.")
    assert second.error is None
    assert second.heard == "It is four."


def test_an_agent_that_breaks_off_is_heard_up_to_there():
    scene = Scene(
        [("ann", 0.5, 1.5)],
        said={("ann", 0.5): "tell me a story"},
        replies=(["Once upon a time. ", "There was", AgentError("connection lost")],),
    ).run()
    assert scene.record.error == "gateway: connection lost"
    assert scene.record.heard == "Once upon a time. There was"


def test_a_voice_that_fails_is_recorded_and_the_next_turn_works():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 10.0, 11.0)],
        said={("ann", 0.5): "tell me a story", ("ann", 10.0): "what time is it"},
        replies=("Once upon a time. The end.", "It is four."),
        fails={"The end.": TextToSpeechError("server error 500")},
    ).run()
    first, second = scene.records
    assert first.error == "tts: server error 500"
    assert first.reply == "Once upon a time. The end."
    assert "The end" not in first.heard
    assert second.heard == "It is four."


def test_recognition_that_fails_is_recorded_and_the_next_turn_works():
    scene = Scene(
        [("ann", 0.5, 1.5), ("ann", 10.0, 11.0)],
        said={("ann", 0.5): SpeechToTextError("out of memory"), ("ann", 10.0): "hello jarvis"},
    ).run()
    first, second = scene.records
    assert first.error == "stt: out of memory"
    assert not first.addressed
    assert second.heard == "ok."


def test_an_end_of_turn_model_that_fails_leaves_silence_to_decide():
    scene = Scene([("ann", 0.5, 2.5)], said={("ann", 0.5): "hello jarvis"}, scores=(None,)).run()
    assert scene.record.ended_by == "silence"
    assert scene.record.end_of_turn_probability is None
    assert scene.record.heard == "ok."


def test_no_end_of_turn_model_leaves_silence_to_decide():
    scene = Scene([("ann", 0.5, 2.5)], said={("ann", 0.5): "hello jarvis"}, no_model=True).run()
    assert scene.record.ended_by == "silence"
    assert scene.record.latency_ms["smart_turn"] == 640


def test_leaving_in_the_middle_ends_the_turn():
    scene = Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "jarvis what time is it"},
        leaves=(("ann", 2.6),),
        people=("ann", "ben"),
    ).run()
    assert scene.record.ended_by == "closed"
    assert scene.record.heard == "ok."


def test_when_the_transport_closes_what_was_said_is_still_recorded():
    scene = Scene(
        [("ann", 0.5, 2.5)], said={("ann", 0.5): "jarvis what time is it"}, closes_at=2.55
    ).run()
    assert scene.record.ended_by == "closed"
    assert scene.record.addressed
    assert scene.agent.asked == []


def test_a_monologue_is_cut_into_turns():
    scene = Scene(
        [("ann", 0.5, 12.0)],
        said={("ann", 0.5): "jarvis", ("ann", 7.0): "listen"},
        turns=TurnsConfig(max_turn=5.0),
        closes_at=60.0,
    ).run()
    assert [record.ended_by for record in scene.records] == ["limit", "limit"]
    assert scene.records[1].continues == scene.records[0].id


def test_too_many_waiting_turns_give_up_the_oldest():
    people = tuple(f"p{n}" for n in range(11))
    scene = Scene(
        [(name, 1.0 + 0.01 * n, 2.0 + 0.01 * n) for n, name in enumerate(people)],
        said={(name, 1.0 + 0.01 * n): "jarvis hello" for n, name in enumerate(people)},
        people=people,
        speech=3.0,
        closes_at=120.0,
    ).run()
    assert len(scene.records) == 11
    given_up = [record for record in scene.records if record.error]
    assert [record.speaker_id for record in given_up] == ["p1", "p2"]
    assert len(scene.agent.asked) == 9


@pytest.mark.parametrize(
    "cancel_at", [0.1, 0.55, 1.0, 2.6, 2.65, 2.72, 2.8, 2.95, 3.3, 3.45, 4.0, 5.4, 6.0]
)
def test_cancelling_at_any_stage_leaves_no_task(cancel_at):
    Scene(
        [("ann", 0.5, 2.5)],
        said={("ann", 0.5): "hello jarvis"},
        replies=("Hello. How are you?",),
        cancel_at=cancel_at,
    ).run()
