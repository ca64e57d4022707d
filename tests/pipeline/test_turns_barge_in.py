"""Speech over a reply, rule by rule: no event loop, made-up times."""

import pytest

from pipeline.barge_in import STIR_PATIENCE, Meaning
from pipeline.config import TurnsConfig
from pipeline.turn_actions import Action, DropTurn, Resume, SetVolume, Span, Speculate, StopReply
from pipeline.turns import TurnTaking
from tests.pipeline.turns_scene import (
    DUCKED,
    FULL,
    HELD,
    actions,
    end_turn,
    end_turn_over,
    kinds,
    pause,
    talk,
)


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


def test_the_reply_to_a_cut_monologue_can_be_interrupted():
    turns = TurnTaking(TurnsConfig(max_turn=5.0))
    talk(turns, "ann", 0.0, 5.02)
    [limit] = actions(turns)
    turns.receive_reply_started(limit.span, 2.8)
    talk(turns, "ben", 6.0, 7.0)
    assert actions(turns)[-2] == StopReply(limit.span.turn, "ben")


def test_who_was_talking_before_a_reply_does_not_interrupt_it_after_a_breath(turns):
    talk(turns, "ben", 1.5, 2.6)
    first = end_turn(turns, "ann", 1.0, 2.55)
    turns.receive_reply_started(first.span, 2.7)
    pause(turns, 2.72)
    talk(turns, "ben", 2.85, 5.0)
    assert not any(isinstance(action, StopReply | SetVolume) for action in actions(turns))


def test_what_may_be_speech_makes_room_before_it_is_known_to_be(turns):
    turns.receive_reply_started(end_turn(turns, "ann", 1.0, 2.0).span, 2.8)
    turns.receive_stir("ben", 10.064)
    assert actions(turns) == [DUCKED]
    turns.handle_timer(10.064 + STIR_PATIENCE)
    assert actions(turns) == [FULL]
    turns.receive_stir("ben", 11.0)
    talk(turns, "ben", 11.0, 11.1)
    turns.handle_timer(11.0 + STIR_PATIENCE)
    turns.receive_stir("ben", 11.2)
    assert actions(turns) == [DUCKED]


def test_nothing_stirs_a_reply_that_does_not_play(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_stir("ben", 2.5)
    assert actions(turns) == []
    turns.receive_reply_started(ended.span, 2.8)
    assert actions(turns) == []


def test_who_talked_before_the_reply_began_does_not_stir_it(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 2.0, 2.7)
    turns.receive_reply_started(ended.span, 2.8)
    turns.receive_stir("ben", 2.9)
    assert actions(turns) == []


def test_a_stir_over_the_reply_makes_it_quieter_for_a_tenth_of_a_second(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.8)
    turns.receive_stir("ben", 10.0)
    assert actions(turns) == [DUCKED]
    pause(turns, 10.099)
    assert actions(turns) == []
    pause(turns, 10.1)
    assert actions(turns) == [FULL]


def test_a_stir_of_who_was_talking_before_the_reply_is_nothing(turns):
    ended = end_turn(turns, "ann", 1.0, 2.0)
    talk(turns, "ben", 1.8, 2.4)
    turns.receive_reply_started(ended.span, 2.8)
    turns.receive_stir("ben", 3.0)
    assert actions(turns) == []


def test_a_stir_of_who_talks_over_the_reply_makes_it_quieter_again(turns):
    assert nods(turns, 10.65, Meaning.NOTHING, 0.5) == [FULL]
    turns.receive_stir("ben", 10.7)
    assert actions(turns) == [DUCKED]


def test_a_stop_word_in_a_turn_that_began_before_the_one_that_is_answered_stops(turns):
    talk(turns, "ben", 0.5, 2.2)
    ended = end_turn(turns, "ann", 1.0, 2.0)
    turns.receive_reply_started(ended.span, 2.25)
    pause(turns, 2.3)
    speculate = actions(turns)[-1]
    assert speculate.span.turn < ended.span.turn
    turns.receive_words(speculate.span, Meaning.STOP)
    assert actions(turns) == [StopReply(ended.span.turn, "ben")]
