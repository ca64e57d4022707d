from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.turn_record import TurnRecord
from server.scenes.format import Scene, Track, TrueTurn
from server.scenes.observed import ObservedTurn, Playback, PlayedScene, belongs, recalls

TRUE = TrueTurn("ann", 1.0, 3.0)


def observed(start: float, end: float, speaker: str = "ann", **latency: int | None) -> ObservedTurn:
    record = TurnRecord(
        id="t",
        conversation="scene:test",
        at="",
        speaker=speaker,
        speaker_id=speaker,
        start=start,
        end=end,
        ended_by="silence",
        end_of_turn_probability=None,
        text="",
        language="en",
        addressed=False,
        relevance=None,
        why="",
        agent="jarvis",
        latency_ms=latency,
    )
    return ObservedTurn(record, end + 1.0, Playback(end + 0.5, end + 1.0))


@pytest.mark.parametrize(
    ("start", "end", "belonging", "recalling"),
    [
        (1.0, 3.0, True, True),
        (0.0, 9.0, True, True),  # both lie within it
        (1.0, 1.5, True, False),  # a part of it
        (2.8, 3.4, False, False),  # mostly behind it
        (2.7, 3.3, True, False),  # half of it behind
        (3.0, 4.0, False, False),
        (2.0, 2.0, False, False),  # no length at all
    ],
)
def test_observed_turns_meet_true_ones(start: float, end: float, belonging: bool, recalling: bool):
    turn = observed(start, end)
    assert belongs(turn, TRUE) is belonging
    assert recalls(turn, TRUE) is recalling


def test_another_speaker_never_meets():
    assert not belongs(observed(1.0, 3.0, "ben"), TRUE)
    assert not recalls(observed(1.0, 3.0, "ben"), TRUE)


def test_times_come_from_the_latencies():
    turn = observed(1.0, 3.0, vad=96, smart_turn=104, total=700)
    assert turn.decided == pytest.approx(3.2)
    assert turn.first_audio == pytest.approx(3.7)


def test_what_was_not_reached_has_no_time():
    turn = observed(1.0, 3.0, vad=96, smart_turn=None, total=None)
    assert (turn.decided, turn.first_audio) == (None, None)


def test_a_reply_is_heard_from_its_first_to_its_last_sample():
    turn = observed(1.0, 3.0)
    heard = [turn.reply_heard_at(at) for at in (3.4, 3.5, 3.9, 4.0)]
    assert heard == [None, turn.reply, turn.reply, None]


def test_replies_that_were_taken_back_were_heard_too():
    before = Playback(1.5, 1.8, stopped=1.9)
    turn = replace(observed(1.0, 3.0), taken_back=(before,))
    assert turn.replies == (before, turn.reply)
    assert [turn.reply_heard_at(at) for at in (1.85, 1.9)] == [before, None]


def test_pairs_and_extra_turns_are_found():
    scene = Scene("test", ("jarvis",), (Track("ann", Path("ann.wav")),), (TRUE,))
    parts = observed(1.0, 1.9), observed(2.1, 3.0)
    ghost = observed(7.0, 8.0)
    played = PlayedScene(scene, (*parts, ghost))
    assert played.pairs() == ((TRUE, parts),)
    assert list(played.extra()) == [ghost]
