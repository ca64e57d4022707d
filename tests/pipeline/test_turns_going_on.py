"""Turns that go on after they had ended, rule by rule: no event loop, made-up times."""

import pytest

from pipeline.barge_in import Meaning
from pipeline.config import TurnsConfig
from pipeline.turn_actions import EndedBy, EndTurn, Resume, Speculate, StopReply
from pipeline.turns import TurnTaking
from tests.pipeline.turns_scene import (
    DUCKED,
    FULL,
    HELD,
    WINDOW,
    actions,
    end_turn,
    end_turn_over,
    kinds,
    pause,
    talk,
)


def test_speech_before_the_reply_plays_takes_the_turn_up_again(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ann", 3.0, 3.5)
    assert actions(turns) == [Resume(ended.span.turn)]
    pause(turns, 3.7)
    turns.receive_score(actions(turns)[-1].span, 1.0)
    pause(turns, 3.7)
    [again] = actions(turns)
    assert again.span.turn == ended.span.turn
    assert (again.span.start, again.span.end) == (1.0, 3.5)
    assert again.span.continues is None


def test_speech_after_the_turn_is_done_is_a_new_turn(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_done(ended.span.turn)
    assert turns.idle
    again = end_turn(turns, "ann", 3.0, 4.0)
    assert again.span.turn == ended.span.turn + 1
    assert again.span.continues is None


def test_done_does_not_end_a_turn_that_goes_on(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ann", 2.5, 3.0)
    turns.receive_done(ended.span.turn)
    assert turns.get_timer() == pytest.approx(3.096)


def test_going_on_over_the_own_reply_continues_the_turn(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    talk(turns, "ann", 3.0, 4.0)
    assert actions(turns) == [DUCKED, HELD, StopReply(1, "ann", merged_into=2), FULL]
    turns.receive_done(first.span.turn)
    second = end_turn(turns, "ann", 4.0, 4.1)
    assert second.span.turn == 2
    assert (second.span.start, second.span.end) == (1.0, 4.1)
    assert second.span.voiced == pytest.approx(2.1)
    assert second.span.continues is None


def test_words_that_go_on_with_a_turn_are_understood_together_with_it(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    talk(turns, "ann", 3.0, 3.5)
    pause(turns, 3.6)
    part = actions(turns)[-1]
    assert (part.span.start, part.span.continues) == (3.0, 1)
    turns.receive_words(part.span, Meaning.SPEECH)
    stop, resume, speculate, full = actions(turns)
    assert (stop, resume) == (StopReply(1, "ann", merged_into=2), Resume(2))
    assert (speculate.span.start, speculate.span.end) == (1.0, 3.5)
    assert full == FULL
    assert turns.get_timer() == pytest.approx(3.66)


def test_a_stop_word_is_not_merged_with_what_it_stops(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    talk(turns, "ann", 3.0, 3.5)
    pause(turns, 3.6)
    part = actions(turns)[-1]
    turns.receive_words(part.span, Meaning.STOP)
    assert actions(turns) == [StopReply(1, "ann"), FULL]


def test_a_nod_right_after_the_own_turn_stays_apart(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    talk(turns, "ann", 3.0, 3.5)
    pause(turns, 3.6)
    turns.receive_words(actions(turns)[-1].span, Meaning.NOTHING)
    assert actions(turns) == [FULL]
    pause(turns, 6.0)
    ended = actions(turns)[-1]
    assert (ended.span.start, ended.span.continues) == (3.0, 1)


def test_interrupting_much_later_is_no_continuation(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    assert end_turn_over(turns, "ann", 9.0, 10.0).span.continues is None


def test_interrupting_another_ones_reply_is_no_continuation(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    assert end_turn_over(turns, "ben", 3.0, 4.0).span.continues is None


def test_a_monologue_is_cut_at_the_longest_turn():
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    talk(turns, "ann", 0.0, 7.0)
    [limit] = actions(turns)
    assert limit.ended_by is EndedBy.LIMIT
    assert limit.span.end == pytest.approx(5.0, abs=WINDOW)
    pause(turns, 9.0)
    rest = actions(turns)[-1]
    assert rest.span.turn == limit.span.turn + 1
    assert rest.span.continues == limit.span.turn
    assert rest.span.start == pytest.approx(limit.span.end)


def test_who_comes_back_begins_a_new_turn(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.close("ann")
    assert actions(turns) == []
    assert turns.idle
    again = end_turn(turns, "ann", 2.5, 3.5)
    assert again.span.turn == ended.span.turn + 1
    assert (again.span.start, again.span.continues) == (2.5, None)


def test_a_turn_that_waits_long_for_its_reply_is_not_cut_at_the_first_further_word():
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ann", 5.98, 7.0)
    pause(turns, 7.1)
    assert kinds(turns) == [Speculate]
    turns.receive_done(ended.span.turn)
    assert not turns.idle


def test_who_has_heard_some_of_the_reply_interrupts_it_and_does_not_go_on(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.5)
    talk(turns, "ann", 3.15, 4.2)
    assert StopReply(1, "ann") in actions(turns)
    pause(turns, 6.5)
    ended = actions(turns)[-1]
    assert (ended.span.start, ended.span.continues) == (3.15, 1)


def test_a_turn_that_needs_nothing_more_leaves_earlier_ones_open(turns):
    end_turn(turns, "ann", 1.0, 2.0)
    second = end_turn(turns, "ben", 5.0, 6.0)
    turns.receive_done(second.span.turn)
    talk(turns, "ann", 7.0, 7.5)
    assert actions(turns)[0] == Resume(1)


def test_what_is_said_long_after_a_turn_does_not_go_on_with_it(turns):
    first = end_turn(turns, "ann", 11.0, 12.0)
    turns.receive_reply_started(first.span, 12.8)
    talk(turns, "ann", 13.9, 14.2)
    pause(turns, 14.3)
    assert actions(turns)[-1].span.continues == 1
    other = TurnTaking(TurnsConfig())
    first = end_turn(other, "ann", 11.0, 12.0)
    other.receive_reply_started(first.span, 12.8)
    talk(other, "ann", 14.1, 14.4)
    pause(other, 14.5)
    assert actions(other)[-1].span.continues is None


@pytest.mark.parametrize(("until", "goes_on"), [(15.968, True), (16.0, False)])
def test_an_ended_turn_is_gone_on_with_up_to_the_longest_turn(until, goes_on):
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    ended = end_turn(turns, "ann", 11.0, 12.0)
    turns.receive_speech("ann", start=15.9, end=until)
    assert actions(turns) == ([Resume(ended.span.turn)] if goes_on else [])


def test_a_turn_of_the_longest_length_is_over():
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    talk(turns, "ann", 10.0, 15.0)
    [limit] = actions(turns)
    assert (limit.ended_by, limit.span.end) == (EndedBy.LIMIT, 15.0)


def test_the_reply_to_a_cut_monologue_leaves_the_rest_of_it_open():
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    talk(turns, "ann", 0.0, 6.0)
    [limit] = actions(turns)
    turns.receive_reply_started(limit.span, 6.1)
    talk(turns, "ann", 6.0, 6.5)
    pause(turns, 9.0)
    rest = actions(turns)[-1]
    assert isinstance(rest, EndTurn)
    assert (rest.span.turn, rest.span.end) == (limit.span.turn + 1, 6.5)


@pytest.mark.parametrize(("began", "start", "merged"), [(0.6, 1.2, 2), (0.5, 1.2, None)])
def test_who_begins_within_0_6_seconds_of_the_reply_goes_on_and_later_interrupts(
    turns, began, start, merged
):
    first = end_turn(turns, "ann", 0.0, 0.3)
    turns.receive_reply_started(first.span, began)
    talk(turns, "ann", start, start + 1.0)
    assert StopReply(first.span.turn, "ann", merged_into=merged) in actions(turns)


def test_people_are_known_by_their_ids_wherever_these_come_from(turns):
    first = end_turn(turns, "user 1", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    again = f"user {1}"
    talk(turns, again, 3.0, 3.5)
    assert not turns.others_talk("user 1")
    assert not turns.others_answer("user 1", 2.0)
    pause(turns, 3.6)
    assert actions(turns)[-1].span.continues == first.span.turn


@pytest.mark.parametrize(("start", "continues"), [(4.0, 1), (4.032, None)])
def test_what_is_said_over_the_reply_goes_on_with_a_turn_for_two_seconds(turns, start, continues):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    assert end_turn_over(turns, "ann", start, start + 0.5).span.continues == continues


def test_who_comes_first_in_the_alphabet_does_not_go_on_with_the_turn_of_another(turns):
    first = end_turn(turns, "ben", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    assert end_turn_over(turns, "ann", 3.0, 3.5).span.continues is None
