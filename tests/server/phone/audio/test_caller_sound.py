"""From Twilio's messages to frames at 16 kHz whose time is true."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.hearing import History, Windows
from server.phone.audio.caller_sound import MOST_FILLED, CallerSound, CallerVoice
from server.phone.audio.g711 import decode_ulaw, encode_ulaw
from server.phone.audio.stream_messages import Media

BEGAN = 50.0


def voice(seconds: float) -> bytes:
    at = np.arange(round(8000 * seconds)) / 8000
    return encode_ulaw((6000 * np.sin(2 * np.pi * 300 * at)).astype(np.int16))


def messages(ulaw: bytes, lost: set[int] | frozenset[int] = frozenset()) -> list[Media]:
    return [
        Media(index + 2, "MZ1", "inbound", index + 1, index * 0.02, ulaw[start : start + 160])
        for index, start in enumerate(range(0, len(ulaw), 160))
        if index not in lost
    ]


def heard(sent: list[Media]):
    sound, ear = CallerSound(), CallerVoice("+15550001")
    sounds = [
        sound.receive(media, BEGAN + media.timestamp + len(media.ulaw) / 8000) for media in sent
    ]
    return sound, sounds, [frame for one in sounds for frame in ear.hear(one)]


def test_a_voice_comes_through_at_its_time():
    _, sounds, frames = heard(messages(voice(1.0)))
    assert np.array_equal(np.concatenate([one.samples for one in sounds]), decode_ulaw(voice(1.0)))
    samples = np.concatenate([frame.samples for frame in frames])
    assert frames[0].at == pytest.approx(BEGAN)
    assert 16_000 - len(samples) == 32
    for frame, following in pairwise(frames):
        assert frame.end == pytest.approx(following.at)
    assert {frame.speaker for frame in frames} == {"+15550001"}
    at = np.arange(len(samples)) / 16_000
    wrong = samples - 6000 * np.sin(2 * np.pi * 300 * at)
    assert np.abs(wrong[100:-100]).max() < 250  # mu-law's own noise


@settings(max_examples=40, deadline=None)
@given(lost=st.sets(st.integers(1, 97)))
def test_with_any_messages_lost_the_time_stays_true(lost):
    sound, sounds, frames = heard(messages(voice(2.0), lost))
    assert sound.lost == pytest.approx(0.02 * len(lost))
    history, windows = History(60.0), Windows()
    at: list[float] = []
    for frame in frames:
        history.push(frame)
        at += [start for start, _ in windows.push(frame)]
    assert frames[-1].end == pytest.approx(BEGAN + 2.0, abs=0.003)
    marked = history.cut(BEGAN, BEGAN + 2.0)
    for index in set(range(98)) - lost:
        # What was received lies where it was said: the tone's phase tells.
        start = index * 320 + 32
        expected = 6000 * np.sin(2 * np.pi * 300 * np.arange(start, start + 256) / 16_000)
        assert np.abs(marked[start : start + 256] - expected).max() < 6000
        assert np.corrcoef(marked[start : start + 256], expected)[0, 1] > 0.98
    assert at == sorted(at)
    assert all(one.follows for one in sounds[1:]) or len(lost) > MOST_FILLED / 0.02


def test_a_small_gap_is_filled():
    _, sounds, frames = heard(messages(voice(1.0), {20, 21}))
    assert len(sounds[20].samples) == 160 * 3
    assert sounds[20].at == pytest.approx(BEGAN + 0.4)
    assert sum(len(frame.samples) for frame in frames) == 16_000 - 32


def test_a_large_gap_is_the_passing_of_time():
    _, sounds, frames = heard(messages(voice(2.0), set(range(20, 60))))
    assert not sounds[20].follows
    assert sounds[20].at == pytest.approx(BEGAN + 1.2)
    gaps = [following.at - frame.end for frame, following in pairwise(frames)]
    assert max(gaps) == pytest.approx(0.8, abs=1e-6)
    assert sum(len(frame.samples) for frame in frames) == 2 * 16_000 - 40 * 320 - 32


def test_timestamps_that_do_not_advance_cut_nothing():
    still = [
        Media(media.sequence, "MZ1", "inbound", media.chunk, 0.0, media.ulaw)
        for media in messages(voice(1.0))
    ]
    sound, ear = CallerSound(), CallerVoice("x")
    samples = [
        frame.samples
        for index, media in enumerate(still)
        for frame in ear.hear(sound.receive(media, BEGAN + 0.02 * index))
    ]
    assert sum(map(len, samples)) == 16_000 - 32
    assert sound.lost == 0


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(8, 1600), min_size=1, max_size=40))
def test_messages_of_any_length_give_the_same_sound(sizes):
    ulaw, sent, start = voice(1.0), [], 0
    for index, size in enumerate([*sizes, 8000]):
        part = ulaw[start : start + size]
        if part:
            sent.append(Media(index, "MZ1", "inbound", index, start / 8000, part))
        start += size
    _, _, frames = heard(sent)
    _, _, usual = heard(messages(ulaw))
    assert np.array_equal(
        np.concatenate([frame.samples for frame in frames]),
        np.concatenate([frame.samples for frame in usual]),
    )
