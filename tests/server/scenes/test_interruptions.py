from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.interfaces import Volume
from pipeline.turn_record import TurnRecord
from server.scenes import interruptions
from server.scenes.format import Scene, Track
from server.scenes.observed import ObservedTurn, Playback, PlayedScene, SpokenInterruption

NOD = SpokenInterruption("ben", "backchannel", 5.0, 5.4)
BARGE_IN = SpokenInterruption("ben", "barge_in", 5.0, 6.0)
STOP = SpokenInterruption("ben", "barge_in", 5.0, 5.4, stop_word=True)


def played(reply: Playback, *spoken: SpokenInterruption, interrupted: bool = False) -> PlayedScene:
    """A scene with one reply."""
    texts: Any = dict.fromkeys(("id", "conversation", "at", "ended_by", "text", "language"), "")
    record = TurnRecord(
        speaker="ann",
        speaker_id="ann",
        start=1.0,
        end=3.0,
        end_of_turn_probability=None,
        addressed=True,
        relevance=None,
        why="",
        agent="jarvis",
        interrupted=interrupted,
        **texts,
    )
    scene = Scene("test", ("jarvis",), (Track("ann", Path("ann.wav")),), ())
    return PlayedScene(scene, (ObservedTurn(record, reply.over, reply),), spoken)


def test_a_reply_that_was_held_was_last_heard_when_it_fell_silent():
    reply = Playback(4.0, 5.35, stopped=6.1, volumes=((5.35, Volume.HELD),))
    scene = played(reply, BARGE_IN, interrupted=True)
    assert list(interruptions.stop_delays([scene])) == [pytest.approx(0.35)]
    assert interruptions.ignored([scene]) == 0


def test_speech_over_a_held_reply_meets_it():
    reply = Playback(4.0, 4.8, stopped=6.1)
    assert interruptions.missed([played(reply, BARGE_IN, interrupted=True)]) == 0


def test_stop_words_are_timed_by_themselves():
    scene = played(Playback(4.0, 5.5, stopped=5.5), STOP, interrupted=True)
    other = played(Playback(4.0, 5.9, stopped=5.9), BARGE_IN, interrupted=True)
    delays = interruptions.stop_delays([scene, other], stop_words=True)
    assert list(delays) == [pytest.approx(0.5)]


def test_a_barge_in_that_changes_nothing_is_ignored():
    assert interruptions.ignored([played(Playback(4.0, 9.0), BARGE_IN)]) == 1
    assert interruptions.ignored([played(Playback(4.0, 9.0), NOD)]) is None


def test_a_reply_that_gets_quieter_is_timed_from_the_true_start():
    volumes = ((4.5, Volume.DUCKED), (4.7, Volume.FULL), (5.1, Volume.DUCKED))
    scene = played(Playback(4.0, 9.0, volumes=volumes), NOD)
    assert list(interruptions.duck_delays([scene])) == [pytest.approx(0.1)]


def test_a_reply_that_stays_as_loud_as_it_was_has_no_time_to_tell():
    assert list(interruptions.duck_delays([played(Playback(4.0, 9.0), NOD)])) == []


def test_a_backchannel_that_silences_the_reply_for_a_moment_is_counted():
    held = Playback(4.0, 9.5, volumes=((5.3, Volume.HELD), (5.8, Volume.FULL)))
    ducked = Playback(4.0, 9.0, volumes=((5.1, Volume.DUCKED), (5.6, Volume.FULL)))
    assert interruptions.backchannel_holds([played(held, NOD)]) == 1
    assert interruptions.backchannel_holds([played(ducked, NOD)]) == 0
    assert interruptions.backchannel_holds([played(held, BARGE_IN)]) is None
    assert interruptions.backchannel_stops([played(held, NOD)]) == 0
