from __future__ import annotations

import asyncio

import numpy as np
import pytest

from pipeline.interfaces import Segment
from pipeline.scripted import ScriptedSpeechToText, ScriptedTurn

TURNS = (
    ScriptedTurn("ann", 1.0, 3.0, "hey jarvis what time"),  # middles at 1.25, 1.75, 2.25, 2.75
    ScriptedTurn("ben", 2.0, 3.0, "never mind"),
    ScriptedTurn("ann", 4.0, 5.0, "thank you"),
)


@pytest.mark.parametrize(
    ("speaker", "start", "end", "text"),
    [
        ("ann", 0.8, 3.2, "hey jarvis what time"),
        ("ann", 1.3, 3.2, "jarvis what time"),
        ("ann", 0.8, 2.25, "hey jarvis"),
        ("ann", 0.8, 2.26, "hey jarvis what"),
        ("ann", 0.8, 5.2, "hey jarvis what time thank you"),
        ("ben", 0.8, 5.2, "never mind"),
        ("ben", 3.0, 5.0, ""),
        ("cat", 0.0, 9.0, ""),
    ],
)
def test_the_words_inside_the_cut_come_back(
    speaker: str, start: float, end: float, text: str
) -> None:
    stt = ScriptedSpeechToText(TURNS)
    segment = Segment(speaker, start, end, voiced=end - start)

    recognition = stt.start(np.zeros(16, np.int16), segment)
    recognition.commit()

    assert asyncio.run(recognition.transcript()).text == text
