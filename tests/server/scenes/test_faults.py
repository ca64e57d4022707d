from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.turn_record import TurnRecord
from server.scenes.faults import faults
from server.scenes.format import Interruption, Scene, Track, TrueTurn
from server.scenes.observed import ObservedTurn, Playback, PlayedScene, SpokenInterruption

ASKED = TrueTurn("ann", 1.0, 3.0, "jarvis what time is it", addressed=True, pause=0.1)


def observed(
    start: float, end: float, *, wait: float = 0.2, addressed: bool = True, **options: Any
) -> ObservedTurn:
    """A turn of ann's, with a reply of two seconds if it was taken to be for the bot."""
    texts: Any = dict.fromkeys(("id", "conversation", "at", "ended_by", "text", "language"), "")
    spans = {"vad": round(wait * 1000), "smart_turn": 0}
    record = TurnRecord(
        speaker="ann",
        speaker_id="ann",
        start=start,
        end=end,
        end_of_turn_probability=0.9,
        addressed=addressed,
        relevance=None,
        why="named",
        agent="jarvis",
        latency_ms={**spans, "total": spans["vad"]} if addressed else spans,
        **texts,
        **options,
    )
    began = end + wait
    stopped = began + 2.0 if options.get("interrupted") else None
    reply = Playback(began, began + 2.0, stopped) if addressed else None
    return ObservedTurn(record, began + 2.0 if addressed else began, reply)


def scene(*turns: TrueTurn, **options: Any) -> Scene:
    return Scene("room", ("jarvis",), (Track("ann", Path("ann.wav")),), turns, **options)


def kinds(played: PlayedScene) -> list[str]:
    return [fault.kind for fault in faults(played)]


def test_a_scene_that_went_well_has_none():
    assert kinds(PlayedScene(scene(ASKED), (observed(1.0, 3.0),))) == []


def test_a_turn_nobody_heard_was_missed():
    assert kinds(PlayedScene(scene(ASKED), ())) == ["missed", "not taken"]


def test_a_turn_cut_in_on_is_told_with_its_parts():
    pieces = observed(1.0, 2.1), observed(2.5, 3.0)
    (cut, split) = faults(PlayedScene(scene(ASKED), pieces))
    assert (cut.kind, split.kind, cut.at) == ("cut in", "split", 1.0)
    assert "[1.00 - 2.10 p 0.90]" in str(cut)
    assert "pause 0.10 s" in str(cut)


def test_a_long_wait_is_told():
    assert kinds(PlayedScene(scene(ASKED), (observed(1.0, 3.0, wait=1.3),))) == ["slow"]


def test_what_was_taken_for_the_bot_and_was_not_is_told():
    other = TrueTurn("ann", 1.0, 3.0, addressed=False)
    played = PlayedScene(scene(other), (observed(1.0, 3.0),))
    assert kinds(played) == ["wrongly taken", "false reply"]


def test_a_scene_is_judged_only_for_what_it_scores():
    other = TrueTurn("ann", 1.0, 3.0, addressed=False)
    turns = (observed(1.0, 2.1), observed(2.5, 3.0))
    assert kinds(PlayedScene(scene(other, scores=("words",)), turns)) == []


@pytest.mark.parametrize(
    ("kind", "interrupted", "fault"),
    [
        ("barge_in", False, ["barge_in ignored"]),
        ("barge_in", True, ["barge_in slow"]),
        ("backchannel", False, []),
        ("backchannel", True, ["stopped"]),
    ],
)
def test_speech_over_a_reply_is_judged(kind: Any, *, interrupted: bool, fault: list[str]):
    spoken = SpokenInterruption("ben", kind, 4.0, 4.6)
    turn = observed(1.0, 3.0, interrupted=interrupted)
    assert kinds(PlayedScene(scene(ASKED), (turn,), (spoken,))) == fault


def test_an_interruption_without_a_reply_is_told():
    waiting = Interruption("ann", "barge_in", file=Path("stop.wav"), after_reply_start=1.0)
    assert kinds(PlayedScene(scene(), (), unspoken=(waiting,))) == ["barge_in met no reply"]
