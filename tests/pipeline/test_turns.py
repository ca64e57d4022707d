"""Turn taking, rule by rule: no event loop, made-up times."""

import pytest

from pipeline.barge_in import Meaning
from pipeline.config import TurnsConfig
from pipeline.interfaces import Volume
from pipeline.turn_actions import (
    Action,
    DropTurn,
    EndedBy,
    EndTurn,
    Resume,
    ScoreEndOfTurn,
    SetVolume,
    Span,
    Speculate,
    StopReply,
)
from pipeline.turns import TurnTaking

WINDOW = 0.032


@pytest.fixture
def turns() -> TurnTaking:
    return TurnTaking(TurnsConfig())


def actions(turns: TurnTaking) -> list[Action]:
    found: list[Action] = []
    while (action := turns.next_action()) is not None:
        found.append(action)
    return found


def kinds(turns: TurnTaking) -> list[type]:
    return [type(action) for action in actions(turns)]


def talk(turns: TurnTaking, speaker: str, start: float, end: float) -> None:
    at = start
    while at < end - 1e-9:
        turns.receive_speech(speaker, start=at, end=min(at + WINDOW, end))
        at += WINDOW


def pause(turns: TurnTaking, until: float) -> None:
    while (at := turns.get_timer()) is not None and at <= until:
        turns.handle_timer(at)


def end_turn(turns: TurnTaking, speaker: str, start: float, end: float) -> EndTurn:
    """Let one turn end by a certain score, and return what was decided."""
    talk(turns, speaker, start, end)
    pause(turns, end + 0.2)
    score = next(a for a in actions(turns) if isinstance(a, ScoreEndOfTurn))
    turns.receive_score(score.span, 1.0)
    pause(turns, end + 0.2)
    [ended] = actions(turns)
    assert isinstance(ended, EndTurn)
    return ended


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


@pytest.mark.parametrize(
    ("probability", "wait"),
    [(0.99, 0.2), (0.9, 0.2019), (0.5, 0.4313), (0.3, 0.8346), (0.13, 1.4183)],
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


def test_a_score_that_waits_for_the_longest_pause_ends_by_silence(turns):
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


def test_a_score_of_an_earlier_pause_is_void_in_a_later_one(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    early = actions(turns)[-1]
    talk(turns, "ann", 2.4, 3.0)
    pause(turns, 3.2)
    turns.receive_score(early.span, 1.0)
    assert turns.get_timer() == pytest.approx(5.0)


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


DUCKED, HELD, FULL = map(SetVolume, (Volume.DUCKED, Volume.HELD, Volume.FULL))


def test_speech_over_the_reply_ducks_it_holds_it_and_stops_it_once(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 10.0, 10.032)
    assert actions(turns) == [DUCKED]
    talk(turns, "ben", 10.032, 10.28)
    assert actions(turns) == []
    talk(turns, "ben", 10.28, 10.3)
    assert actions(turns) == [HELD]
    talk(turns, "ben", 10.3, 10.89)
    assert actions(turns) == []
    talk(turns, "ben", 10.89, 11.5)
    assert actions(turns) == [StopReply(ended.span.turn, "ben"), FULL]


def nods(turns: TurnTaking, until: float, meaning: Meaning, seconds: float) -> list[Action]:
    """Let Ben say something over Ann's reply; return what happens once its words are known."""
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 10.0, 10.0 + seconds)
    pause(turns, 10.0 + seconds + 0.1)
    speculate = actions(turns)[-1]
    assert isinstance(speculate, Speculate)
    assert speculate.span.over_reply
    pause(turns, until)
    turns.receive_words(speculate.span, meaning)
    return actions(turns)


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.5, 0.8])
def test_a_nod_lets_the_reply_rise_again(turns, seconds):
    assert nods(turns, 10.0 + seconds + 0.15, Meaning.NOTHING, seconds) == [FULL]
    assert not turns.idle


@pytest.mark.parametrize("meaning", [Meaning.STOP, Meaning.SPEECH])
@pytest.mark.parametrize("seconds", [0.25, 0.5])
def test_words_that_want_the_floor_stop_the_reply(turns, seconds, meaning):
    assert nods(turns, 10.0 + seconds + 0.15, meaning, seconds) == [StopReply(1, "ben"), FULL]


def test_a_sound_too_short_for_words_stops_the_reply_only_when_it_says_so(turns):
    assert nods(turns, 10.35, Meaning.SPEECH, 0.2) == [FULL]
    turns.receive_words(Span(3, "ben", 10.0, 10.2, 0.2, over_reply=True), Meaning.STOP)
    assert actions(turns) == [StopReply(1, "ben")]


def test_what_may_be_the_beginning_of_a_nod_is_waited_for(turns):
    assert nods(turns, 10.65, Meaning.UNCLEAR, 0.5) == []
    pause(turns, 11.31)
    assert FULL in actions(turns)


def test_words_that_do_not_come_are_nothing(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 10.0, 10.5)
    pause(turns, 11.29)
    assert FULL not in actions(turns)
    pause(turns, 11.31)
    assert FULL in actions(turns)


def test_a_stop_word_stops_late_and_from_who_was_talking_before_the_reply(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 1.8, 2.4)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 2.4, 4.0)
    pause(turns, 4.1)
    speculate = actions(turns)[-1]
    assert not speculate.span.over_reply
    turns.receive_words(speculate.span, Meaning.SPEECH)
    assert actions(turns) == []
    turns.receive_words(speculate.span, Meaning.STOP)
    assert actions(turns) == [StopReply(ended.span.turn, "ben")]


def test_the_own_words_of_the_turn_that_is_answered_do_not_stop_its_reply(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    turns.receive_words(ended.span, Meaning.STOP)
    assert actions(turns) == []


def test_words_without_a_reply_change_nothing(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_words(ended.span, Meaning.STOP)
    assert actions(turns) == []


def test_a_sound_too_short_to_be_a_turn_lets_the_reply_rise_again(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 10.0, 10.2)
    pause(turns, 10.41)
    turns.receive_score(actions(turns)[-1].span, 1.0)
    pause(turns, 10.42)
    assert actions(turns) == [DropTurn(2), FULL]


def test_who_nods_and_then_speaks_is_heard(turns):
    assert nods(turns, 10.65, Meaning.NOTHING, 0.5) == [FULL]
    talk(turns, "ben", 10.7, 11.1)
    assert actions(turns) == [Resume(2), DUCKED, HELD]
    talk(turns, "ben", 11.1, 11.7)
    assert actions(turns) == [StopReply(1, "ben"), FULL]


def test_the_reply_is_as_loud_as_the_loudest_interrupter_lets_it(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 10.0, 10.5)
    talk(turns, "cleo", 10.1, 10.2)
    assert actions(turns)[-1] == HELD
    pause(turns, 10.6)
    ben = next(a.span for a in actions(turns) if getattr(a, "span", None) and a.span.end == 10.5)
    turns.receive_words(ben, Meaning.NOTHING)
    assert actions(turns) == [DUCKED]


def test_the_volume_is_full_again_when_the_reply_ends_below_it(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 10.0, 10.5)
    actions(turns)
    turns.receive_done(ended.span.turn)
    assert actions(turns) == [FULL]


def test_who_waits_for_their_own_answer_can_interrupt(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.8)
    second = end_turn_over(turns, "ben", 3.0, 3.3)
    actions(turns)
    talk(turns, "ben", 5.0, 6.0)
    assert actions(turns) == [
        Resume(second.span.turn), DUCKED, HELD, StopReply(first.span.turn, "ben"), FULL,
    ]  # fmt: skip


def test_someone_already_talking_does_not_interrupt(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 1.8, 2.4)
    turns.receive_reply_started(ended.span, 2.8)
    talk(turns, "ben", 2.4, 4.0)
    assert StopReply not in kinds(turns)


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


def end_turn_over(turns: TurnTaking, speaker: str, start: float, end: float) -> EndTurn:
    talk(turns, speaker, start, end)
    pause(turns, end + 2.0)
    ended = actions(turns)[-1]
    assert isinstance(ended, EndTurn)
    return ended


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


def test_the_reply_to_a_cut_monologue_can_be_interrupted():
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    talk(turns, "ann", 0.0, 5.02)
    [limit] = actions(turns)
    turns.receive_reply_started(limit.span, 2.8)
    talk(turns, "ben", 6.0, 7.0)
    assert actions(turns)[-2] == StopReply(limit.span.turn, "ben")


def test_leaving_ends_the_turn(turns):
    talk(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 1.0, 2.0)
    turns.close("ann")
    [ended] = actions(turns)
    assert (ended.span.speaker, ended.ended_by) == ("ann", EndedBy.CLOSED)


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


def ends_after(turns: TurnTaking, start: float, end: float, probability: float) -> float:
    """Let Ann say something; return how long its pause was waited out."""
    talk(turns, "ann", start, end)
    pause(turns, end + 0.2)
    turns.receive_score(actions(turns)[-1].span, probability)
    wait = (turns.get_timer() or 0.0) - end
    pause(turns, end + 3.0)
    ended = actions(turns)[-1]
    assert isinstance(ended, EndTurn)
    turns.receive_done(ended.span.turn)
    return wait


def test_who_never_goes_on_after_a_pause_is_answered_sooner(turns):
    waits = [ends_after(turns, 10.0 * n, 10.0 * n + 1, 0.5) for n in range(30)]
    assert waits[0] == pytest.approx(0.2 + 0.2313, abs=1e-3)
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] == pytest.approx(0.2 + 0.85 * 0.2313, abs=2e-3)


def test_who_often_goes_on_after_a_pause_is_given_more_time(turns):
    for n in range(30):
        talk(turns, "ann", 10.0 * n, 10.0 * n + 1)
        pause(turns, 10.0 * n + 1.3)
        wait = ends_after(turns, 10.0 * n + 1.5, 10.0 * n + 2, 0.5)
    assert wait == pytest.approx(0.2 + 1.2 * 0.6 + 1.6 * 0.2313, abs=2e-3)


def test_a_short_breath_is_no_habit(turns):
    for n in range(30):
        talk(turns, "ann", 10.0 * n, 10.0 * n + 1)
        pause(turns, 10.0 * n + 1.3)
        wait = ends_after(turns, 10.0 * n + 1.34, 10.0 * n + 2, 0.5)
    assert wait == pytest.approx(0.2 + 0.85 * 0.2313, abs=2e-3)


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
    assert ends_after(turns, 8.0, 9.0, 0.5) == pytest.approx(0.2 + 1.3 * habit * 0.2313, abs=1e-3)
    assert ends_after(turns, 18.0, 19.0, 0.5) < 0.4313


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
    turns = TurnTaking(TurnsConfig(trailing_pause=1.5))
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    speculate, score = actions(turns)
    turns.receive_score(score.span, 0.1)
    assert turns.get_timer() == pytest.approx(3.5487, abs=1e-3)
    turns.receive_words(speculate.span, Meaning.SPEECH, trails_off=True)
    assert turns.get_timer() == pytest.approx(3.5487, abs=1e-3)


def test_who_has_heard_some_of_the_reply_interrupts_it_and_does_not_go_on(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(first.span, 2.5)
    talk(turns, "ann", 3.15, 4.2)
    assert StopReply(1, "ann") in actions(turns)
    pause(turns, 6.5)
    ended = actions(turns)[-1]
    assert (ended.span.start, ended.span.continues) == (3.15, 1)


def test_a_score_for_who_has_left_is_void(turns):
    talk(turns, "ann", 1.0, 2.0)
    pause(turns, 2.2)
    span = actions(turns)[-1].span
    turns.close("ann")
    actions(turns)
    turns.receive_score(span, 1.0)
    assert actions(turns) == []
    assert turns.idle


def test_a_turn_that_needs_nothing_more_leaves_another_ones_reply_alone(turns):
    first = end_turn(turns, "ann", 1.0, 2.0)
    second = end_turn(turns, "ben", 3.0, 4.0)
    turns.receive_reply_started(first.span, 4.8)
    turns.receive_done(second.span.turn)
    assert not turns.idle  # the reply to Ann goes on
    turns.receive_done(first.span.turn)
    assert turns.idle


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


def test_who_was_talking_before_a_reply_does_not_interrupt_it_after_a_breath(turns):
    talk(turns, "ben", 1.5, 2.6)
    first = end_turn(turns, "ann", 1.0, 2.55)
    turns.receive_reply_started(first.span, 2.7)
    pause(turns, 2.72)
    talk(turns, "ben", 2.85, 5.0)
    assert not any(isinstance(action, StopReply | SetVolume) for action in actions(turns))


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
