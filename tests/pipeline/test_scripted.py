from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.interfaces import Segment
from pipeline.scripted import ScriptedSpeechToText, ScriptedTurn

TURNS = (
    # Sixteen letters in 1.6 s: hey 1.0-1.3, jarvis 1.3-1.9, what 1.9-2.3, now 2.3-2.6.
    ScriptedTurn("ann", 1.0, 2.6, "hey jarvis what now"),
    ScriptedTurn("ben", 2.0, 3.0, "never mind"),
    ScriptedTurn("ann", 4.0, 5.0, "thank you"),
)


def heard(turns: Sequence[ScriptedTurn], speaker: str, start: float, end: float) -> str:
    segment = Segment(speaker, start, end, voiced=end - start)
    recognition = ScriptedSpeechToText(turns).start(np.zeros(16, np.int16), segment)
    recognition.commit()
    return asyncio.run(recognition.transcript()).text


@pytest.mark.parametrize(
    ("speaker", "start", "end", "text"),
    [
        ("ann", 0.8, 3.2, "hey jarvis what now"),
        ("ann", 1.4, 3.2, "jarvis what now"),
        ("ann", 1.5, 3.2, "what now"),
        ("ann", 0.8, 5.2, "hey jarvis what now thank you"),
        ("ben", 0.8, 5.2, "never mind"),
        ("ben", 3.0, 5.0, ""),
        ("ben", 1.0, 2.0, ""),
        ("cat", 0.0, 9.0, ""),
    ],
)
def test_the_words_inside_the_cut_come_back(
    speaker: str, start: float, end: float, text: str
) -> None:
    assert heard(TURNS, speaker, start, end) == text


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (1.2, ""),
        (1.23, "hey"),
        (1.7, "hey"),
        (1.76, "hey jarvis"),
        (2.19, "hey jarvis"),
        (2.21, "hey jarvis what"),
        (2.6, "hey jarvis what now"),
    ],
)
def test_a_cut_while_someone_talks_gives_the_words_so_far(end: float, text: str) -> None:
    assert heard(TURNS, "ann", 0.8, end) == text


def test_three_quarters_of_a_word_are_enough() -> None:
    turns = [ScriptedTurn("ann", 0.0, 1.0, "stop")]

    assert heard(turns, "ann", 0.0, 0.75) == "stop"
    assert heard(turns, "ann", 0.0, 0.74) == ""
    assert heard(turns, "ann", 0.25, 1.0) == "stop"
    assert heard(turns, "ann", 0.26, 1.0) == ""


def test_a_turn_without_words_is_silent() -> None:
    assert heard([ScriptedTurn("ann", 0.0, 1.0, " ")], "ann", 0.0, 1.0) == ""
