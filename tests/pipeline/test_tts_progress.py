from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE
from pipeline.tts_progress import Paces, Progress
from pipeline.word_times import USUAL_PACE
from tests.peers.speech_server import tone

VOICE = (0, "sage")


def test_silence_at_the_end_belongs_to_no_word() -> None:
    progress = Progress()
    progress.add(tone(0.5, SPEECH_RATE))
    progress.add(np.zeros(SPEECH_RATE, np.int16))
    assert progress.seconds == 1.5
    assert progress.spoken == pytest.approx(0.5, abs=0.01)
    progress.add(tone(0.5, SPEECH_RATE))
    assert progress.spoken == pytest.approx(2.0, abs=0.01)


def test_a_voice_that_is_not_known_has_the_usual_pace() -> None:
    paces = Paces()
    paces.learn(VOICE, "...", 1.0)
    paces.learn(VOICE, "Nothing came.", 0.0)
    assert paces.of(VOICE) == USUAL_PACE


def test_the_pace_of_a_voice_is_learnt_and_follows_it() -> None:
    paces = Paces()
    paces.learn(VOICE, "abcd efgh", 1.0)
    assert paces.of(VOICE) == pytest.approx(0.1)
    assert paces.of((1, "sage")) == USUAL_PACE
    for _ in range(300):
        paces.learn(VOICE, "abcd efgh", 0.5)
    assert paces.of(VOICE) == pytest.approx(0.05, rel=0.01)


def test_the_voices_remembered_are_few() -> None:
    paces = Paces()
    for number in range(100):
        paces.learn((0, str(number)), "abcd efgh", 1.0)
    assert paces.of((0, "0")) == USUAL_PACE
    assert paces.of((0, "99")) == pytest.approx(0.1)
