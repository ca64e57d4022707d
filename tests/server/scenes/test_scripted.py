from __future__ import annotations

import asyncio

import numpy as np

from pipeline.interfaces import Segment
from pipeline.scripted import ScriptedTurn
from server.scenes.scripted import CountedSpeechToText, ScriptedEars

SEGMENT = Segment("ann", 0.0, 2.0, 1.5)
SILENCE = np.zeros(16, np.int16)


def test_what_is_said_while_the_scene_plays_is_known_too():
    said: list[ScriptedTurn] = []
    ears = ScriptedEars(said, [])
    said.append(ScriptedTurn("ann", 0.5, 1.5, "stop it now"))
    transcript = asyncio.run(ears.start(SILENCE, SEGMENT).transcript())
    assert transcript.text == "stop it now"


def test_an_echo_is_understood_where_nobody_speaks():
    said = [ScriptedTurn("ann", 0.7, 1.0, "mm-hm")]
    echoed = [
        ScriptedTurn("ann", 0.0, 2.0, "aaaa bbbb cccc dddd eeee"),
        ScriptedTurn("ben", 0.0, 2.0, "another microphone"),
    ]
    transcript = asyncio.run(ScriptedEars(said, echoed).start(SILENCE, SEGMENT).transcript())
    assert transcript.text == "aaaa mm-hm eeee"


def test_recognitions_are_needed_once_they_are_committed():
    stt = CountedSpeechToText(ScriptedEars([], []))
    first, second = (stt.start(SILENCE, SEGMENT) for _ in range(2))
    first.cancel()
    second.commit()
    second.commit()
    second.cancel()
    assert (stt.started, stt.needed) == (2, 1)
