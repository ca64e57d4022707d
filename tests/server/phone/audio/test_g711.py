"""Mu-law and A-law against G.711's own tables, FFmpeg and Python's audioop."""

from __future__ import annotations

import warnings

import av
import numpy as np
import pytest

from server.phone.audio.g711 import (
    ALAW_SILENCE,
    ULAW_SILENCE,
    decode_alaw,
    decode_ulaw,
    encode_alaw,
    encode_ulaw,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    audioop = pytest.importorskip("audioop")  # in Python itself, or audioop-lts by discord.py

ALL_PCM = np.arange(-32768, 32768).astype(np.int16)
ALL_CODES = bytes(range(256))

# G.711 tables 2a and 1a: how many intervals of which size follow each other, from zero outwards.
ULAW_INTERVALS = [(1, 1), (15, 2), *((16, 4 << segment) for segment in range(7))]
ALAW_INTERVALS = [(32, 2), *((16, 4 << segment) for segment in range(6))]


def decision_values(intervals: list[tuple[int, int]]) -> np.ndarray:
    sizes = np.repeat([size for _, size in intervals], [count for count, _ in intervals])
    return np.concatenate([[0], np.cumsum(sizes)])


def test_decision_values_end_where_the_recommendation_says():
    assert decision_values(ULAW_INTERVALS)[[0, 1, 2, 16, 32, 64, 127, 128]].tolist() == [
        *(0, 1, 3, 31, 95, 479, 7903, 8159)
    ]
    assert decision_values(ALAW_INTERVALS)[[0, 1, 32, 48, 127, 128]].tolist() == [
        *(0, 2, 64, 128, 3968, 4096)
    ]


def test_every_ulaw_step_is_that_of_the_recommendation():
    decisions = decision_values(ULAW_INTERVALS)
    magnitudes = np.arange(8159)
    positions = np.searchsorted(decisions, magnitudes, side="right") - 1
    positive = encode_ulaw((magnitudes * 4).astype(np.int16))
    negative = encode_ulaw((-magnitudes[1:] * 4).astype(np.int16))
    assert list(positive) == (0xFF - positions).tolist()
    assert list(negative) == (0x7F - positions[1:]).tolist()


def test_every_alaw_step_is_that_of_the_recommendation():
    decisions = decision_values(ALAW_INTERVALS)
    magnitudes = np.arange(4096)
    positions = np.searchsorted(decisions, magnitudes, side="right") - 1
    positive = encode_alaw((magnitudes * 8).astype(np.int16))
    negative = encode_alaw((-magnitudes * 8 - 8).astype(np.int16))
    assert list(positive) == ((positions | 0x80) ^ 0x55).tolist()
    assert list(negative) == (positions ^ 0x55).tolist()


def test_values_lie_in_the_middle_of_their_step():
    steps = decision_values(ULAW_INTERVALS)
    middle = (steps[1:-1] + steps[2:]) // 2
    assert decode_ulaw(bytes((0xFF - np.arange(1, 128)).tolist())).tolist() == (4 * middle).tolist()
    steps = decision_values(ALAW_INTERVALS)
    middle = (steps[:-1] + steps[1:]) // 2
    codes = bytes(((np.arange(128) | 0x80) ^ 0x55).tolist())
    assert decode_alaw(codes).tolist() == (8 * middle).tolist()


def test_same_as_audioop_for_every_sample_and_every_code():
    assert encode_ulaw(ALL_PCM) == audioop.lin2ulaw(ALL_PCM.tobytes(), 2)
    assert encode_alaw(ALL_PCM) == audioop.lin2alaw(ALL_PCM.tobytes(), 2)
    assert decode_ulaw(ALL_CODES).tobytes() == audioop.ulaw2lin(ALL_CODES, 2)
    assert decode_alaw(ALL_CODES).tobytes() == audioop.alaw2lin(ALL_CODES, 2)


@pytest.mark.parametrize(("name", "decode"), [("mulaw", decode_ulaw), ("alaw", decode_alaw)])
def test_same_as_ffmpeg_for_every_code(name, decode):
    codec = av.CodecContext.create(f"pcm_{name}", "r")
    codec.sample_rate, codec.layout = 8000, "mono"
    (frame,) = codec.decode(av.Packet(ALL_CODES))
    assert np.array_equal(frame.to_ndarray().reshape(-1), decode(ALL_CODES))


def test_what_was_coded_once_stays_the_same():
    once = decode_ulaw(encode_ulaw(ALL_PCM))
    assert np.array_equal(decode_ulaw(encode_ulaw(once)), once)
    once = decode_alaw(encode_alaw(ALL_PCM))
    assert np.array_equal(decode_alaw(encode_alaw(once)), once)


def test_silence_and_nothing():
    assert encode_ulaw(np.zeros(3, np.int16)) == ULAW_SILENCE * 3
    assert encode_alaw(np.zeros(3, np.int16)) == ALAW_SILENCE * 3
    assert encode_ulaw(np.empty(0, np.int16)) == b""
    assert len(decode_ulaw(b"")) == 0


def test_a_slice_with_a_stride_is_coded_as_it_is():
    assert encode_ulaw(ALL_PCM[::3]) == encode_ulaw(ALL_PCM[::3].copy())
