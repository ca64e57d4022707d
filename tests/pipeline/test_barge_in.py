"""What becomes of a reply that people talk over."""

from __future__ import annotations

import pytest

from pipeline.barge_in import SAME_BREATH, STIR_PATIENCE, WORDS_PATIENCE, BargeIn, Meaning
from pipeline.config import TurnsConfig
from pipeline.interfaces import Volume

ANN, BEN = 1, 2


def talk(barge_in: BargeIn, turn: int, start: float, seconds: float) -> None:
    barge_in.receive_speech(turn, start=start, end=start + seconds)


@pytest.fixture
def barge_in() -> BargeIn:
    return BargeIn(TurnsConfig(barge_in=0.35, interruption=0.9))


def test_nobody_over_it_leaves_it_as_it_is(barge_in):
    assert (barge_in.volume, barge_in.stopped) == (Volume.FULL, False)
    assert barge_in.get_timer() is None


@pytest.mark.parametrize(
    ("seconds", "volume", "stopped"),
    [
        (0.001, Volume.DUCKED, False),
        (0.349, Volume.DUCKED, False),
        (0.35, Volume.HELD, False),
        (0.899, Volume.HELD, False),
        (0.9, Volume.HELD, True),
    ],
)
def test_how_long_one_talks_tells(barge_in, seconds, volume, stopped):
    talk(barge_in, ANN, 5.0, seconds)
    assert (barge_in.volume, barge_in.stopped) == (volume, stopped)


def test_several_talk_for_themselves(barge_in):
    talk(barge_in, ANN, 5.0, 0.3)
    talk(barge_in, BEN, 5.0, 0.3)
    assert barge_in.volume is Volume.DUCKED
    talk(barge_in, ANN, 5.3, 0.1)
    assert barge_in.volume is Volume.HELD
    barge_in.receive_words(ANN, Meaning.NOTHING)
    assert barge_in.volume is Volume.DUCKED


def test_words_are_waited_for_from_the_last_silence_on(barge_in):
    barge_in.receive_silence(ANN, 4.0)
    assert barge_in.get_timer() is None  # nobody is over it
    talk(barge_in, ANN, 4.7, 0.3)
    assert barge_in.get_timer() is None
    barge_in.receive_silence(ANN, 5.0)
    barge_in.receive_silence(ANN, 5.1)
    assert barge_in.get_timer() == 5.0 + WORDS_PATIENCE
    talk(barge_in, ANN, 5.97, 0.03)
    assert barge_in.get_timer() is None
    barge_in.receive_silence(ANN, 6.0)
    barge_in.handle_timer(6.0 + WORDS_PATIENCE - 0.01)
    assert barge_in.volume is Volume.HELD
    barge_in.handle_timer(6.0 + WORDS_PATIENCE)
    assert (barge_in.volume, barge_in.get_timer()) == (Volume.FULL, None)


@pytest.mark.parametrize(
    ("meaning", "stopped"),
    [(Meaning.NOTHING, False), (Meaning.SPEECH, True), (Meaning.STOP, True)],
)
def test_what_is_said_tells(barge_in, meaning, stopped):
    talk(barge_in, ANN, 5.0, 0.3)
    barge_in.receive_words(ANN, meaning)
    assert barge_in.stopped is stopped
    assert barge_in.silenced is (meaning is Meaning.STOP)


@pytest.mark.parametrize(
    ("meaning", "stopped"),
    [(Meaning.NOTHING, False), (Meaning.SPEECH, False), (Meaning.STOP, True)],
)
def test_of_who_is_not_over_it_only_a_stop_word_counts(barge_in, meaning, stopped):
    barge_in.receive_words(BEN, meaning)
    assert barge_in.stopped is stopped


def test_a_nod_begins_anew(barge_in):
    talk(barge_in, ANN, 5.0, 0.6)
    barge_in.receive_words(ANN, Meaning.NOTHING)
    talk(barge_in, ANN, 6.0, 0.34)
    assert barge_in.volume is Volume.DUCKED
    talk(barge_in, ANN, 6.34, 0.01)
    assert (barge_in.volume, barge_in.stopped) == (Volume.HELD, False)


def test_a_voice_that_comes_and_goes_counts_from_its_first_sound(barge_in):
    talk(barge_in, ANN, 5.0, 0.1)
    talk(barge_in, ANN, 5.3, 0.04)
    assert barge_in.volume is Volume.DUCKED
    talk(barge_in, ANN, 5.34, 0.03)
    assert barge_in.volume is Volume.HELD
    talk(barge_in, ANN, 5.9, 0.1)
    assert not barge_in.stopped  # but only speech makes it an interruption


def test_a_sound_that_may_be_speech_makes_room_for_a_moment(barge_in):
    barge_in.receive_stir(5.0)
    assert barge_in.volume is Volume.DUCKED
    assert barge_in.get_timer() == 5.0 + STIR_PATIENCE
    barge_in.handle_timer(4.99 + STIR_PATIENCE)
    assert barge_in.volume is Volume.DUCKED
    barge_in.handle_timer(5.0 + STIR_PATIENCE)
    assert barge_in.volume is Volume.FULL
    assert barge_in.get_timer() is None


def test_a_sound_that_goes_on_stirring_keeps_the_reply_low(barge_in):
    barge_in.receive_stir(5.0)
    barge_in.receive_stir(5.032)
    barge_in.handle_timer(5.0 + STIR_PATIENCE)
    assert barge_in.volume is Volume.DUCKED


def test_the_earliest_wait_is_the_next_timer(barge_in):
    talk(barge_in, ANN, 4.0, 0.2)
    barge_in.receive_silence(ANN, 4.2)
    barge_in.receive_stir(4.3)
    assert barge_in.get_timer() == 4.3 + STIR_PATIENCE


@pytest.mark.parametrize(
    ("gap", "volume"), [(SAME_BREATH, Volume.HELD), (SAME_BREATH + 0.01, Volume.DUCKED)]
)
def test_a_weak_onset_without_words_counts_when_more_follows_at_once(barge_in, gap, volume):
    talk(barge_in, ANN, 5.0, 0.2)
    barge_in.receive_words(ANN, Meaning.NO_WORDS)
    assert barge_in.volume is Volume.FULL
    talk(barge_in, ANN, 5.2 + gap, 0.1)
    assert barge_in.volume is volume


def test_a_nod_does_not_count_when_more_follows(barge_in):
    talk(barge_in, ANN, 5.0, 0.2)
    barge_in.receive_words(ANN, Meaning.NOTHING)
    talk(barge_in, ANN, 5.3, 0.1)
    assert barge_in.volume is Volume.DUCKED


def test_a_sound_without_words_is_forgotten_with_its_turn(barge_in):
    talk(barge_in, ANN, 5.0, 0.2)
    barge_in.receive_words(ANN, Meaning.NO_WORDS)
    barge_in.forget(ANN)
    talk(barge_in, ANN, 5.3, 0.1)
    assert barge_in.volume is Volume.DUCKED


def test_a_weak_onset_counts_towards_the_length_that_stops(barge_in):
    talk(barge_in, ANN, 5.0, 0.2)
    barge_in.receive_words(ANN, Meaning.NO_WORDS)
    talk(barge_in, ANN, 5.3, 0.7)
    assert barge_in.stopped
