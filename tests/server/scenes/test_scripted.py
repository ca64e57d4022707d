from __future__ import annotations

import asyncio

import numpy as np

from pipeline.audio import Samples
from pipeline.interfaces import Recognition, Segment, Transcript
from pipeline.scripted import ScriptedTurn
from server.scenes.scripted import CountedSpeechToText, PacedSpeechToText, ScriptedEars

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


class Slow:
    """A recogniser that is done when it is told, and understands something else."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.calls: list[str] = []

    def start(self, samples: Samples, segment: Segment, **options: object) -> Recognition:
        self.calls.append(f"start {len(samples)}")
        return self

    def commit(self) -> None:
        self.calls.append("commit")

    def cancel(self) -> None:
        self.calls.append("cancel")

    async def transcript(self) -> Transcript:
        await self.done.wait()
        return Transcript("word1 word2")


def test_a_pace_tells_when_the_scripted_words_are_there():
    async def test() -> None:
        pace, said = Slow(), [ScriptedTurn("ann", 0.5, 1.5, "stop it now")]
        recognition = PacedSpeechToText(ScriptedEars(said, []), pace).start(SILENCE, SEGMENT)
        waiting = asyncio.create_task(recognition.transcript())
        await asyncio.sleep(0)
        assert not waiting.done()
        recognition.commit()
        recognition.cancel()
        pace.done.set()
        assert (await waiting).text == "stop it now"
        assert pace.calls == ["start 16", "commit", "cancel"]

    asyncio.run(test())
