from __future__ import annotations

import numpy as np

from pipeline.audio import HEARING_RATE, SPEECH_RATE, AudioFrame
from server.scenes.format import Echo
from server.scenes.heard import HeardReplies
from server.scenes.microphone import OpenMicrophone


def microphone(*, gain: float = 0.0) -> OpenMicrophone:
    """A reply of one second is heard from the beginning."""
    heard = HeardReplies()
    heard.queue(np.full(SPEECH_RATE, 1000, np.int16))
    heard.advance(1.0, 0.0)
    return OpenMicrophone(Echo("ann", delay_ms=100.0, gain_db=gain), heard)


def voice(at: float, value: int = 50) -> AudioFrame:
    return AudioFrame("ann", np.full(512, value, np.int16), at)


def test_silence_holds_the_echo():
    frame = microphone(gain=-20.0).wait(0.5)
    assert frame is not None
    assert (frame.speaker, frame.at, frame.seconds) == ("ann", 0.0, 0.5)
    assert (frame.samples[: HEARING_RATE // 20] == 0).all()
    assert (frame.samples[HEARING_RATE // 5 :] == 100).all()


def test_a_voice_is_heard_with_what_was_silent_before_it():
    frame = microphone().hear(voice(0.2))
    assert (frame.at, len(frame.samples)) == (0.0, 3200 + 512)
    assert (frame.samples[-512:] == 1050).all()
    assert (frame.samples[-600:-512] == 1000).all()


def test_nothing_is_given_twice():
    open_ = microphone()
    open_.hear(voice(0.2))
    assert open_.wait(0.21) is None
    later = open_.wait(0.3)
    assert later is not None
    assert later.at == (3200 + 512) / HEARING_RATE


def test_a_voice_that_comes_late_loses_only_what_was_given():
    open_ = microphone()
    open_.wait(0.21)
    frame = open_.hear(voice(0.2))
    assert (round(frame.at, 4), round(frame.end, 4)) == (0.21, 0.232)
    assert (frame.samples == 1050).all()


def test_what_is_too_loud_is_clipped():
    frame = microphone().hear(voice(0.2, value=32_700))
    assert frame.samples.max() == 32_767
