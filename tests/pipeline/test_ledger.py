"""The ledger knows what was really heard."""

import pytest

from pipeline.ledger import PlaybackLedger
from pipeline.word_times import USUAL_PACE, WordStart, WordTimes


@pytest.fixture
def ledger() -> PlaybackLedger:
    ledger = PlaybackLedger()
    ledger.queue(1, "it is ten past four", 1.0)
    ledger.queue(1, "it is ten past four", 1.0)
    ledger.queue(2, "anything else", 1.0)
    return ledger


def lasting(seconds: float) -> WordTimes:
    times = WordTimes()
    times.end(seconds)
    return times


def test_nothing_played_is_nothing_heard(ledger):
    assert ledger.heard(1) == ""
    assert ledger.seconds_waiting == pytest.approx(3.0)


def test_what_is_queued_first_is_heard_first(ledger):
    ledger.play(2.5)
    assert ledger.seconds_played(1) == pytest.approx(2.0)
    assert ledger.seconds_played(2) == pytest.approx(0.5)
    assert ledger.heard(1, lasting(2.0)) == "it is ten past four"
    assert ledger.heard(2, lasting(1.0)) == "anything"
    assert ledger.seconds_waiting == pytest.approx(0.5)


def test_words_are_as_long_as_they_have_letters(ledger):
    ledger.play(0.8)  # of 2 s, in which 20 letters and borders are said
    assert ledger.heard(1, lasting(2.0)) == "it is ten"


def test_words_are_heard_when_the_voice_said_them(ledger):
    times = WordTimes()
    for offset, seconds in ((3, 0.1), (6, 0.2), (10, 1.4), (15, 1.8)):
        times.add(WordStart(offset, seconds))
    times.end(2.0)
    ledger.play(1.3)
    assert ledger.heard(1, times) == "it is ten"
    ledger.play(0.4)
    assert ledger.heard(1, times) == "it is ten past"


def test_dropped_audio_was_never_heard(ledger):
    ledger.play(4 * USUAL_PACE)
    ledger.drop()
    ledger.play(5.0)
    assert ledger.heard(1) == "it"
    assert ledger.heard(2) == ""
    assert ledger.seconds_waiting == 0.0


def test_a_piece_whose_sound_is_not_all_there_is_judged_by_the_pace_of_speech():
    ledger = PlaybackLedger()
    ledger.queue(1, "one two three four five six seven eight nine ten", 0.76)
    ledger.play(0.76)
    assert ledger.heard(1) == "one two three"


def test_white_space_is_not_kept():
    ledger = PlaybackLedger()
    ledger.queue(1, " one\n two  three ", 2.0)
    ledger.play(2.0)
    assert ledger.heard(1) == "one two three"


def test_playing_more_than_was_queued_is_harmless(ledger):
    ledger.play(99.0)
    assert ledger.heard(2) == "anything else"
    assert ledger.seconds_waiting == 0.0


def test_a_forgotten_piece_is_gone(ledger):
    ledger.play(3.0)
    ledger.forget(1)
    ledger.forget(1)
    assert ledger.heard(1) == ""
    assert ledger.seconds_played(1) == 0.0
