"""What waits to be sent."""

from __future__ import annotations

import numpy as np

from server.phone.audio.reply_sound import ReplySound


def phone(start: int, end: int) -> np.ndarray:
    return np.arange(start, end, dtype=np.int16)


def test_first_in_first_out_in_any_portion():
    sound = ReplySound()
    sound.put_phone(phone(0, 100))
    sound.put_phone(phone(100, 250))
    assert sound.waiting == 250
    taken = [sound.take(70) for _ in range(4)]
    assert [len(part) for part in taken] == [70, 70, 70, 40]
    assert np.array_equal(np.concatenate(taken), phone(0, 250))
    assert sound.empty


def test_what_is_put_back_comes_first():
    sound = ReplySound()
    sound.put_phone(phone(0, 100))
    taken = sound.take(60)
    sound.put_back(taken[20:])
    sound.put_back(phone(0, 0))
    assert np.array_equal(sound.take(999), phone(20, 100))


def test_what_the_resampler_keeps_is_not_empty_and_comes_at_the_end():
    sound = ReplySound()
    sound.put(np.full(2400, 1000, np.int16))
    sound.take(sound.waiting)
    assert not sound.empty
    sound.end()
    assert 0 < sound.waiting <= 32
    assert sound.take(99)[-1] == 1000
    assert sound.empty


def test_phone_sound_goes_behind_all_of_what_was_resampled():
    sound = ReplySound()
    sound.put(np.full(2400, 1000, np.int16))
    sound.put_phone(phone(0, 10))
    assert sound.waiting == 810
    assert np.array_equal(sound.take(810)[800:], phone(0, 10))


def test_cleared_nothing_of_it_is_in_what_comes_next():
    sound = ReplySound()
    sound.put(np.full(2400, 20_000, np.int16))
    sound.clear()
    assert sound.empty
    sound.put(np.zeros(2400, np.int16))
    sound.end()
    assert not sound.take(999).any()
