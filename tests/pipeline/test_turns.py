"""Turn taking, rule by rule: no event loop, made-up times."""

import pytest

from pipeline.config import TurnsConfig
from pipeline.turn_actions import (
    DropTurn,
    EndedBy,
    EndTurn,
    Resume,
    ScoreEndOfTurn,
    Span,
    Speculate,
)
from pipeline.turns import TurnTaking
from tests.pipeline.turns_scene import actions, end_turn, kinds, pause, talk


def test_nothing_heard_needs_no_timer(turns):
    assert turns.get_timer() is None
    assert turns.idle


def test_silence_speculates_first_and_scores_at_the_pause(turns):
    talk(turns, "ann", 1.0, 2.0)
    assert turns.get_timer() == pytest.approx(2.096)
    turns.handle_timer(turns.get_timer())
    [speculate] = actions(turns)
    assert speculate == Speculate(Span(1, "ann", 1.0, 2.0, pytest.approx(1.0)))
    assert turns.get_timer() == pytest.approx(2.16)
    turns.handle_timer(turns.get_timer())
    [score] = actions(turns)
    assert isinstance(score, ScoreEndOfTurn)
    assert (score.span.start, score.span.end) == (1.0, 2.0)


def test_without_speculation_only_the_pause_is_acted_on():
    turns = TurnTaking(TurnsConfig(speculation=False))
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    assert kinds(turns) == [ScoreEndOfTurn]


def test_a_certain_score_ends_the_turn_at_once(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    assert ended.ended_by is EndedBy.SMART_TURN
    assert ended.probability == 1.0
    assert (ended.span.start, ended.span.end) == (1.0, 2.0)
    assert turns.get_timer() is None


def test_talking_on_makes_speculation_and_score_void(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    score = actions(turns)[-1]
    talk(turns, "ann", 2.4, 2.6)
    assert kinds(turns) == [Resume]
    turns.receive_score(score.span, 1.0)
    assert turns.get_timer() == pytest.approx(2.696)
    pause(turns, 2.81)
    assert kinds(turns) == [Speculate, ScoreEndOfTurn]


def test_a_gap_shorter_than_speculation_is_nothing(turns):
    talk(turns, "ann", 1.0, 1.5)
    pause(turns, 1.59)
    talk(turns, "ann", 1.59, 2.0)
    assert actions(turns) == []


def test_two_speakers_have_their_own_turns(turns):
    talk(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 1.5, 2.15)
    pause(turns, 2.2)
    assert [a.span.speaker for a in actions(turns)] == ["ann", "ann"]
    pause(turns, 2.4)
    assert [a.span.speaker for a in actions(turns)] == ["ben", "ben"]


def test_a_sound_too_short_is_dropped(turns):
    talk(turns, "ann", 1.0, 1.2)
    pause(turns, 5.0)
    assert kinds(turns) == [ScoreEndOfTurn, DropTurn]
    assert turns.idle


def test_leaving_ends_the_turn(turns):
    talk(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 1.0, 2.0)
    turns.close("ann")
    [ended] = actions(turns)
    assert (ended.span.speaker, ended.ended_by) == ("ann", EndedBy.CLOSED)


def test_others_talk_only_while_they_do(turns):
    talk(turns, "ben", 1.0, 1.1)
    assert turns.others_talk("ann")
    assert not turns.others_talk("ben")
    pause(turns, 1.2)
    assert not turns.others_talk("ann")


def test_others_answer_until_their_turn_is_over(turns):
    talk(turns, "ben", 1.8, 2.4)
    assert turns.others_answer("ann", 2.0)
    assert turns.others_answer("ann", 2.09)
    assert not turns.others_answer("ann", 2.11)  # they were talking before
    assert not turns.others_answer("ben", 2.0)
    pause(turns, 2.6)
    assert turns.others_answer("ann", 2.0)
    turns.receive_score(actions(turns)[-1].span, 1.0)
    pause(turns, 2.7)
    assert not turns.others_answer("ann", 2.0)


def test_a_turn_that_needs_nothing_more_leaves_another_ones_reply_alone(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    second = end_turn(turns, "ben", 3.0, 4.0)
    turns.receive_reply_started(first.span, 4.8)
    turns.receive_done(second.span.turn)
    assert not turns.idle  # the reply to Ann goes on
    turns.receive_done(first.span.turn)
    assert turns.idle


def test_the_shortest_speech_that_counts_is_a_turn(turns):
    turns.receive_speech("ann", start=1.0, end=1.25)
    pause(turns, 5.0)
    assert kinds(turns) == [Speculate, ScoreEndOfTurn, EndTurn]


def test_a_stir_is_nothing_where_no_reply_plays(turns):
    turns.receive_stir("ann", 1.0)
    assert actions(turns) == []
    assert turns.get_timer() is None


def test_who_comes_first_in_the_alphabet_talks_and_answers_like_others(turns):
    talk(turns, "ann", 1.0, 1.1)
    assert turns.others_talk("ben")
    assert turns.others_answer("ben", 1.0)


def test_an_earlier_turn_that_needs_nothing_more_leaves_later_ones_as_they_are(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    second = end_turn(turns, "ben", 3.0, 4.0)
    third = end_turn(turns, "cleo", 5.0, 6.0)
    turns.receive_reply_started(second.span, 6.5)
    turns.receive_done(first.span.turn)
    assert not turns.idle
    turns.receive_done(third.span.turn)
    assert not turns.idle  # the reply to Ben goes on
    turns.receive_done(second.span.turn)
    assert turns.idle


def test_an_ended_turn_stays_open_when_an_earlier_one_needs_nothing_more(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    second = end_turn(turns, "ben", 3.0, 4.0)
    turns.receive_done(first.span.turn)
    talk(turns, "ben", 5.0, 5.5)
    assert actions(turns) == [Resume(second.span.turn)]


def test_who_began_to_talk_0_3_seconds_before_the_end_of_a_question_is_not_answering(turns):
    talk(turns, "ben", 0.3, 0.7)
    assert not turns.others_answer("ann", 0.6)
    assert turns.others_answer("ann", 0.59)
