"""What is for the bot because of what was said before."""

import itertools
from dataclasses import replace

import pytest

from pipeline.config import RelevanceConfig, Sensitivity
from pipeline.judgement import Judgement, Utterance
from tests.pipeline.relevance_scene import ANN, BEN, LEVELS, Room


def test_a_follow_up_needs_no_name_for_eight_seconds_and_sixteen_at_high() -> None:
    heard = {}
    for level, gap in itertools.product(LEVELS, (0.5, 8.0, 8.1, 16.0, 16.1)):
        room = Room(level)
        room.reply(at=50.0)
        heard[level, gap] = room.hear("in paris i mean", 50.0 + gap).addressed
    assert [gap for (level, gap), yes in heard.items() if yes and level == "low"] == []
    assert [gap for (level, gap), yes in heard.items() if yes and level == "medium"] == [0.5, 8.0]
    assert [g for (level, g), yes in heard.items() if yes and level == "high"] == [0.5, 8, 8.1, 16]


def test_the_follow_up_window_is_a_setting() -> None:
    room = Room("medium", config=lambda s: RelevanceConfig(sensitivity=s, follow_up=2.0))
    room.reply(at=50.0)
    assert room.hear("in paris", 52.0).addressed
    assert not room.hear("in paris", 52.1).addressed


def test_a_follow_up_is_of_the_person_who_was_answered() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    assert not room.hear("in paris", 51.0, BEN).addressed
    assert room.hear("in paris", 54.0, ANN).addressed


def test_words_that_stopped_the_reply_are_a_follow_up() -> None:
    room = Room("medium")
    room.reply(at=50.6)
    assert room.hear("no i meant paris", 50.0).addressed


def test_a_nod_after_a_reply_is_for_nobody_but_answers_a_question() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    assert not room.hear("yeah", 51.0).addressed
    room.reply(at=60.0, text="Shall I book it?")
    assert room.hear("yeah", 61.0).addressed
    assert room.hear("no", 62.0).addressed
    assert not room.hear("mm", 63.0).addressed
    assert not room.hear("yes", 80.0).addressed


def test_an_answer_to_someone_else_is_not_for_the_bot() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    room.hear("do you like pizza", 51.0, BEN)
    judged = room.hear("with cheese", 53.0, ANN)
    assert not judged.addressed
    assert "answers someone else (Ben Miller) -2.0" in judged.why


def test_what_is_no_answer_to_someone_else_stays_a_follow_up() -> None:
    def after(text: str, seconds: float, reply: str) -> bool:
        room = Room("medium")
        room.reply(at=50.0)
        room.hear(text, 51.0, BEN)
        return room.hear(reply, 52.0 + seconds, ANN).addressed

    assert not after("do you like pizza", 1.5, "with cheese")
    assert after("do you like pizza", 1.6, "with cheese")
    assert after("do you like pizza", 0.5, "what is the weather in rome")
    assert after("do you like pizza", 0.5, "play some jazz")
    assert after("mm-hm", 0.5, "with cheese")  # a nod asks for no answer
    assert after("jarvis do you like pizza", 0.5, "with cheese")  # that was for the bot


def test_words_begun_before_someone_elses_are_no_answer_to_them() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    room.hear("do you like pizza", 52.0, BEN)
    assert room.hear("with cheese", 51.9, ANN).addressed


@pytest.mark.parametrize("level", LEVELS)
def test_after_a_call_no_name_is_needed(level: Sensitivity) -> None:
    room = Room(level)
    room.relevance.receive_call(speaker=ANN.id, agent="sage", at=10.0)
    judged = room.hear("so it goes", 18.0, ANN)
    assert (judged.addressed, judged.agent, judged.named) == (True, "sage", True)
    assert judged.why == "goes on: base -3.0, called sage before +6.0"
    assert not room.hear("so it goes", 18.0, BEN).addressed
    nod = room.hear("yeah", 18.0, ANN)
    assert (nod.addressed, nod.named) == (False, False)
    assert nod.why == "not addressed: base -3.0, called sage before +6.0, only a nod -9.0"
    assert not room.hear("ben so it goes", 18.0, ANN).addressed
    late = 26.1 if level == "high" else 18.1
    assert not room.hear("so it goes", late, ANN).addressed
    assert room.hear("jarvis so it goes", 18.0, ANN).agent == "jarvis"


def test_a_reply_takes_the_place_of_a_call() -> None:
    room = Room("low")
    room.relevance.receive_call(speaker=ANN.id, agent="sage", at=10.0)
    room.reply(at=12.0)
    assert not room.hear("and in paris", 13.0).addressed


@pytest.mark.parametrize("level", LEVELS)
def test_what_goes_on_with_a_turn_for_the_bot_is_for_the_same_agent(level: Sensitivity) -> None:
    room = Room(level)
    before = room.hear("sage what is the weather", 1.0, ANN)

    def going_on(text: str) -> Judgement:
        said = Utterance(ANN, text, 3.0, 4.0, before)
        return room.relevance.judge(said, people=room.people, agent="jarvis")

    judged = going_on("in london")
    assert (judged.addressed, judged.agent, judged.named) == (True, "sage", True)
    assert judged.why == "goes on: base -3.0, goes on with what was for the bot +6.0"
    unnamed = Utterance(ANN, "in rome", 5.0, 6.0, replace(judged, named=False))
    assert not room.relevance.judge(unnamed, people=room.people, agent="jarvis").named
    assert going_on("jarvis i mean").agent == "jarvis"
    assert not going_on("mm-hm").addressed
    assert not going_on("ben come here").addressed


def test_what_goes_on_with_talk_between_people_is_judged_by_itself() -> None:
    room = Room("medium")
    before = room.hear("did you see the game", 1.0, ANN)
    said = Utterance(ANN, "last night", 3.0, 4.0, before)
    assert not room.relevance.judge(said, people=room.people, agent="jarvis").addressed


def test_words_over_a_reply_are_a_follow_up_of_whom_it_answers() -> None:
    room = Room("medium")
    room.relevance.receive_reply_start(speaker=ANN.id, agent="sage")
    judged = room.hear("no i meant paris", 50.0)
    assert judged.addressed
    assert judged.why == "in conversation: base -3.0, follow-up over sage +4.5"
    assert not room.hear("no i meant paris", 50.0, BEN).addressed
    assert room.hear("can you repeat that", 50.0, BEN).addressed


def test_who_asks_the_bot_that_has_just_spoken_to_somebody_else_is_meant() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    judged = room.hear("can you repeat that", 58.0, BEN)
    assert judged.addressed
    assert judged.why == (
        "in conversation: base -3.0, sage has the floor +2.0, asks who just spoke +2.5"
    )
    assert not room.hear("can you repeat that", 58.1, BEN).addressed
    assert not room.hear("could you pass me the salt", 51.0, BEN).addressed


def test_the_bot_loses_the_floor_to_people() -> None:
    room = Room("medium")
    room.reply(at=50.0)
    room.hear("the train was late", 51.0, BEN)
    assert not room.hear("can you repeat that", 54.0, BEN).addressed


def test_a_call_is_no_floor() -> None:
    room = Room("medium")
    room.relevance.receive_call(speaker=ANN.id, agent="sage", at=50.0)
    assert not room.hear("can you repeat that", 51.0, BEN).addressed


def test_who_has_turned_to_people_is_not_followed_up_by_a_statement() -> None:
    def after(gap: float, text: str) -> bool:
        room = Room("medium")
        room.reply(at=50.0)
        room.hear("did you watch the game", 50.0 + gap)
        return room.hear(text, 54.0).addressed

    assert not after(0.5, "two goals at the end")
    assert after(0.5, "play some jazz")
    assert after(0.5, "what time is it")
    assert after(0.0, "two goals at the end")  # it began before the reply had ended
    assert after(4.0, "two goals at the end")  # it began no earlier than these words
    assert after(4.5, "two goals at the end")


def test_amid_talk_of_people_high_wants_more() -> None:
    def after(seconds: float) -> bool:
        room = Room("high")
        room.hear("the train was late", 99.0, BEN)
        return room.hear("how many ounces are in a pound", 100.0 + seconds).addressed

    assert not after(3.0)
    assert after(3.1)


def test_once_others_have_talked_only_what_takes_a_reply_up_follows_it_later() -> None:
    def after(gap: float, text: str, *, talked: bool = True) -> Judgement:
        room = Room("medium")
        room.reply(at=3.0)
        if talked:
            room.hear("the train was late", 4.0, BEN)
        return room.hear(text, 3.0 + gap)

    assert after(4.0, "two goals at the end").addressed
    moved_on = after(5.0, "two goals at the end")
    assert not moved_on.addressed
    assert moved_on.why == (
        "not addressed: base -3.0, follow-up 5.0 s after sage +4.5, others have talked since -2.5"
    )
    assert after(5.0, "two goals at the end", talked=False).addressed
    assert after(5.0, "and in paris").addressed
    assert after(5.0, "it was about the weather").addressed
