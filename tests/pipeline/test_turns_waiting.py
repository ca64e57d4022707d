"""How long a pause is waited out, rule by rule: no event loop, made-up times."""

import pytest

from pipeline.barge_in import Meaning
from pipeline.config import TurnsConfig
from pipeline.turn_actions import EndedBy, EndTurn, ScoreEndOfTurn, Speculate
from pipeline.turns import TurnTaking
from tests.pipeline.turns_scene import actions, end_turn, ends_after, kinds, pause, talk


@pytest.mark.parametrize(
    ("probability", "wait"),
    [(0.99, 0.2), (0.9, 0.2014), (0.5, 0.375), (0.3, 0.6802), (0.13, 1.1219)],
)
def test_the_wait_is_graded_by_the_score(turns, probability, wait):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    score = actions(turns)[-1]
    turns.receive_score(score.span, probability)
    assert turns.get_timer() == pytest.approx(2.0 + wait, abs=1e-3)
    pause(turns, 2.0 + wait + 0.001)
    [ended] = actions(turns)
    assert ended.ended_by is EndedBy.SMART_TURN


def test_a_score_that_waits_for_the_longest_pause_ends_by_silence():
    turns = TurnTaking(TurnsConfig(eagerness="low"))
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    turns.receive_score(actions(turns)[-1].span, 0.0)
    pause(turns, 3.999)
    assert actions(turns) == []
    pause(turns, 4.0)
    [ended] = actions(turns)
    assert ended.ended_by is EndedBy.SILENCE
    assert ended.probability == 0.0


def test_a_score_that_never_comes_ends_by_the_longest_pause(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 4.0)
    ended = actions(turns)[-1]
    assert ended.ended_by is EndedBy.SILENCE
    assert ended.probability is None


def test_a_pause_that_cannot_be_scored_ends_by_silence(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    turns.receive_score(actions(turns)[-1].span, None)
    assert turns.get_timer() == pytest.approx(2.8)
    pause(turns, 2.8)
    [ended] = actions(turns)
    assert (ended.ended_by, ended.probability) == (EndedBy.SILENCE, None)


def test_without_a_model_nothing_is_scored():
    turns = TurnTaking(TurnsConfig(end_of_turn_model="silence"))
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.8)
    assert kinds(turns) == [Speculate, EndTurn]


def test_a_late_score_ends_the_turn_at_once(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.5)
    turns.receive_score(actions(turns)[-1].span, 1.0)
    assert turns.get_timer() < 2.5
    turns.handle_timer(2.5)
    assert kinds(turns) == [EndTurn]


def test_a_score_of_an_earlier_pause_is_void_in_a_later_one(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    early = actions(turns)[-1]
    talk(turns, "ann", 2.4, 3.0)
    pause(turns, 3.2)
    turns.receive_score(early.span, 1.0)
    assert turns.get_timer() == pytest.approx(5.0)


def test_who_never_goes_on_after_a_pause_is_answered_sooner(turns):
    waits = [ends_after(turns, 10.0 * n, 10.0 * n + 1, 0.5) for n in range(30)]
    assert waits[0] == pytest.approx(0.2 + 0.175, abs=1e-3)
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] == pytest.approx(0.2 + 0.85 * 0.175, abs=2e-3)


def test_who_often_goes_on_after_a_pause_is_given_more_time(turns):
    for n in range(30):
        talk(turns, "ann", 10.0 * n, 10.0 * n + 1)
        pause(turns, 10.0 * n + 1.3)
        wait = ends_after(turns, 10.0 * n + 1.5, 10.0 * n + 2, 0.5)
    assert wait == pytest.approx(0.2 + 1.2 * 0.6 + 1.6 * 0.175, abs=2e-3)


def test_a_short_breath_is_no_habit(turns):
    for n in range(30):
        talk(turns, "ann", 10.0 * n, 10.0 * n + 1)
        pause(turns, 10.0 * n + 1.3)
        wait = ends_after(turns, 10.0 * n + 1.34, 10.0 * n + 2, 0.5)
    assert wait == pytest.approx(0.2 + 0.85 * 0.175, abs=2e-3)


def test_a_turn_that_is_gone_on_with_over_its_reply_counts_as_one_with_a_pause(turns):
    once = TurnTaking(TurnsConfig())
    talk(once, "ann", 1.0, 2.0)
    pause(once, 2.4)
    talk(once, "ann", 2.6, 3.6)  # went on before the reply began
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.3)
    talk(turns, "ann", 2.6, 3.6)  # went on after it began
    waits = []
    for taking in (once, turns):
        actions(taking)
        pause(taking, 6.5)
        [last] = [action for action in actions(taking) if isinstance(action, EndTurn)]
        taking.receive_done(last.span.turn)
        waits.append(ends_after(taking, 20.0, 21.0, 0.5))
    assert waits[0] == pytest.approx(waits[1])
    assert waits[0] > 0.44


def test_an_answer_to_a_question_is_given_more_time_once(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    turns.receive_done(ended.span.turn, asked=True)
    habit = 1.0 - 0.75 * 0.3 * 0.2
    assert ends_after(turns, 8.0, 9.0, 0.5) == pytest.approx(0.2 + 1.3 * habit * 0.175, abs=1e-3)
    assert ends_after(turns, 18.0, 19.0, 0.5) < 0.375


@pytest.mark.parametrize(
    ("probability", "wait"), [(0.95, 0.1), (0.9, 0.1), (0.89, 0.2 + 0.0027), (None, 0.8)]
)
def test_a_client_that_stops_sending_is_a_hint_that_the_turn_is_over(turns, probability, wait):
    talk(turns, "ann", 1.0, 2.0)
    turns.receive_stop("ann", 2.04)
    speculate, score = actions(turns)
    assert (type(speculate), type(score)) == (Speculate, ScoreEndOfTurn)
    turns.receive_score(score.span, probability)
    assert turns.get_timer() == pytest.approx(2.0 + wait, abs=1e-3)


def test_a_client_that_stops_late_changes_nothing(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    score = actions(turns)[-1]
    turns.receive_stop("ann", 2.3)
    turns.receive_score(score.span, 0.9)
    assert turns.get_timer() == pytest.approx(2.202, abs=1e-3)
    turns.receive_stop("ben", 2.3)
    assert actions(turns) == []


def test_who_is_back_after_the_client_had_stopped_is_waited_for_as_usual(turns):
    talk(turns, "ann", 1.0, 2.0)
    turns.receive_stop("ann", 2.04)
    talk(turns, "ann", 2.3, 3.0)
    pause(turns, 3.2)
    turns.receive_score(actions(turns)[-1].span, 0.9)
    assert turns.get_timer() == pytest.approx(3.202, abs=1e-3)


def test_words_that_break_off_are_waited_for_whatever_the_voice_says(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, score = actions(turns)
    turns.receive_score(score.span, 0.9)
    turns.receive_words(speculate.span, Meaning.SPEECH, trails_off=True)
    assert turns.get_timer() == pytest.approx(4.0)
    turns.receive_words(speculate.span, Meaning.SPEECH, trails_off=False)
    assert turns.get_timer() == pytest.approx(2.202, abs=1e-3)


def test_words_may_be_known_before_the_score(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, score = actions(turns)
    turns.receive_words(speculate.span, Meaning.SPEECH, trails_off=True)
    turns.receive_score(score.span, 0.9)
    assert turns.get_timer() == pytest.approx(4.0)
    talk(turns, "ann", 3.0, 3.5)
    pause(turns, 3.7)
    turns.receive_score(actions(turns)[-1].span, 1.0)
    assert turns.get_timer() == pytest.approx(3.7)


def test_words_that_break_off_never_shorten_the_wait():
    turns = TurnTaking(TurnsConfig(trailing_pause=1.2))
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, score = actions(turns)
    turns.receive_score(score.span, 0.1)
    assert turns.get_timer() == pytest.approx(3.2206, abs=1e-3)
    turns.receive_words(speculate.span, Meaning.SPEECH, trails_off=True)
    assert turns.get_timer() == pytest.approx(3.2206, abs=1e-3)


def test_a_score_for_who_has_left_is_void(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    span = actions(turns)[-1].span
    turns.close("ann")
    actions(turns)
    turns.receive_score(span, 1.0)
    assert actions(turns) == []
    assert turns.idle


def test_without_a_model_silence_ends_the_turn_wherever_it_is():
    turns = TurnTaking(TurnsConfig(end_of_turn_model="silence"))
    talk(turns, "ann", 11.0, 12.5)
    pause(turns, 12.7)
    assert turns.get_timer() == pytest.approx(13.3)


@pytest.mark.parametrize(("gap", "thinks"), [(0.3, False), (0.36, True)])
def test_only_a_long_pause_is_thought(gap, thinks):
    turns = TurnTaking(TurnsConfig())
    for n in range(30):
        talk(turns, "ann", 10.0 * n + 3, 10.0 * n + 4)
        pause(turns, 10.0 * n + 4 + gap - 0.01)
        wait = ends_after(turns, 10.0 * n + 4 + gap, 10.0 * n + 5, 0.5)
    assert (wait > 1.0) == thinks


def test_late_in_a_conversation_the_longest_pause_ends_a_turn_by_silence_too():
    turns = TurnTaking(TurnsConfig(eagerness="low"))
    talk(turns, "ann", 11.0, 12.0)
    pause(turns, 12.2)
    turns.receive_score(actions(turns)[-1].span, 0.0)
    pause(turns, 14.0)
    [ended] = actions(turns)
    assert ended.ended_by is EndedBy.SILENCE


def test_words_that_break_off_may_be_waited_for_beyond_the_longest_pause():
    turns = TurnTaking(TurnsConfig(trailing_pause=3.0))
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, score = actions(turns)
    turns.receive_score(score.span, 0.9)
    turns.receive_words(speculate.span, Meaning.SPEECH, trails_off=True)
    pause(turns, 4.9)
    assert actions(turns) == []
    pause(turns, 5.0)
    [ended] = actions(turns)
    assert ended.ended_by is EndedBy.SILENCE


def test_words_are_complete_unless_something_else_is_told(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, score = actions(turns)
    turns.receive_score(score.span, 0.9)
    turns.receive_words(speculate.span, Meaning.SPEECH)
    assert turns.get_timer() == pytest.approx(2.202, abs=1e-3)


def test_late_words_of_an_earlier_pause_say_nothing_about_the_next(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    early = actions(turns)[0]
    talk(turns, "ann", 2.4, 3.0)
    pause(turns, 3.2)
    turns.receive_score(actions(turns)[-1].span, 0.9)
    turns.receive_words(early.span, Meaning.SPEECH, trails_off=True)
    assert turns.get_timer() == pytest.approx(3.202, abs=1e-3)


@pytest.mark.parametrize(("start", "wait"), [(0.7, 0.248 + 1.18 * 0.175), (0.69, 0.3671)])
def test_0_35_seconds_are_thought_and_less_is_a_breath(turns, start, wait):
    talk(turns, "ann", 0.0, 0.35)
    pause(turns, 0.6)
    ends_after(turns, start, start + 0.5, 0.5)
    assert ends_after(turns, 10.0, 11.0, 0.5) == pytest.approx(wait, abs=1e-3)


def test_a_reply_that_asks_nothing_gives_no_more_time_for_an_answer(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    turns.receive_done(ended.span.turn)
    habit = 1.0 - 0.75 * 0.3 * 0.2
    assert ends_after(turns, 8.0, 9.0, 0.5) == pytest.approx(0.2 + habit * 0.175, abs=1e-3)


def test_words_that_are_known_before_the_score_do_not_take_its_place(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, _ = actions(turns)
    turns.receive_words(speculate.span, Meaning.SPEECH)
    assert turns.get_timer() == pytest.approx(4.0)
