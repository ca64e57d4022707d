from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import HEARING_RATE, SPEECH_RATE
from pipeline.interfaces import DUCK, Volume
from server.scenes.heard import HeardReplies
from server.scenes.observed import Playback


def tone(seconds: float) -> np.ndarray:
    return np.full(round(seconds * SPEECH_RATE), 1000, np.int16)


def level(heard: HeardReplies, at: float) -> float:
    return round(float(heard.cut(at, HEARING_RATE // 100).mean()), 3)


def test_a_reply_sounds_from_when_it_was_played():
    heard = HeardReplies()
    heard.advance(2.0, 0.0)
    assert heard.queue(tone(0.5))
    assert not heard.queue(tone(0.5))
    heard.advance(2.7, 0.3)
    assert [level(heard, at) for at in (1.9, 2.1, 2.6, 2.8)] == [0.0, 1000.0, 1000.0, 0.0]
    heard.advance(4.0, 0.0)
    assert heard.take_reply() == Playback(2.0, pytest.approx(3.0))
    assert heard.take_reply() is None


def test_a_ducked_reply_is_quieter_and_a_held_one_later():
    heard = HeardReplies()
    heard.queue(tone(0.6))
    heard.advance(0.2, 0.4)
    heard.set_volume(Volume.DUCKED)
    heard.advance(0.4, 0.2)
    heard.set_volume(Volume.HELD)
    heard.advance(1.0, 0.2)
    heard.set_volume(Volume.FULL)
    heard.advance(2.0, 0.0)
    levels = [level(heard, at) for at in (0.1, 0.3, 0.7, 1.1)]
    assert levels == pytest.approx([1000.0, 1000.0 * DUCK, 0.0, 1000.0], abs=0.01)
    reply = heard.take_reply()
    assert reply is not None
    assert (reply.end, reply.stopped) == (pytest.approx(1.2), None)


def test_what_was_dropped_was_not_heard():
    heard = HeardReplies()
    heard.queue(tone(1.0))
    heard.advance(0.25, 0.75)
    heard.stop()
    heard.advance(5.0, 0.0)
    assert level(heard, 0.5) == 0.0
    assert heard.take_reply() == Playback(0.0, 0.25, stopped=0.25)


def test_a_stop_after_its_end_does_not_break_a_reply_off():
    heard = HeardReplies()
    heard.queue(tone(1.0))
    heard.advance(2.0, 0.0)
    heard.stop()
    assert heard.take_reply() == Playback(0.0, pytest.approx(1.0))


def test_the_past_is_forgotten():
    heard = HeardReplies()
    for second in range(20):
        heard.queue(tone(1.0))
        heard.advance(second + 1.0, 0.0)
    assert (level(heard, 2.0), level(heard, 18.0)) == (0.0, 1000.0)


def test_a_cut_between_two_samples_follows_the_sound():
    heard = HeardReplies()
    times = np.arange(SPEECH_RATE) / SPEECH_RATE
    heard.queue((8000 * np.sin(2 * np.pi * 300 * times)).astype(np.int16))
    heard.advance(1.0, 0.0)
    start = 0.30001
    at = start + np.arange(1000) / HEARING_RATE
    assert heard.cut(start, 1000) == pytest.approx(8000 * np.sin(2 * np.pi * 300 * at), abs=120)
