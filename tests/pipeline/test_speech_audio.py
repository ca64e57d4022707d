from __future__ import annotations

import struct

import numpy as np
import pytest

from pipeline.audio import Samples
from pipeline.speech_audio import PcmDecoder, SpeechAudioError, SpeechDecoder, WavDecoder
from tests.peers.speech_server import tone, wav_bytes

TONE = tone(0.05, 24_000)


def decode(decoder: SpeechDecoder, data: bytes, step: int) -> Samples:
    return np.concatenate(
        [decoder.push(data[start : start + step]) for start in range(0, len(data), step)]
    )


@pytest.mark.parametrize("step", [1, 3, 7, 1000, 100_000])
def test_pcm_is_the_same_for_any_chunk_borders(step: int) -> None:
    assert np.array_equal(decode(PcmDecoder(24_000), TONE.tobytes(), step), TONE)


def test_half_a_sample_at_the_end_of_pcm_is_dropped() -> None:
    assert np.array_equal(decode(PcmDecoder(8000), TONE.tobytes() + b"\1", 999), TONE)


@pytest.mark.parametrize("step", [1, 3, 45, 100_000])
@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 2 * len(TONE)])
def test_wav_is_the_same_for_any_chunk_borders_and_header_sizes(step: int, size: int) -> None:
    decoder = WavDecoder()
    assert np.array_equal(decode(decoder, wav_bytes(TONE.tobytes(), 22_050, size=size), step), TONE)
    assert decoder.rate == 22_050


def _widths() -> list[tuple[int, int, bytes]]:
    wide = TONE.astype(np.int32) << 16
    return [
        (8, 1, ((TONE >> 8) + 128).astype(np.uint8).tobytes()),
        (24, 1, b"".join(struct.pack("<i", value)[1:] for value in wide)),
        (32, 1, wide.tobytes()),
        (32, 3, (TONE / 32768).astype("<f4").tobytes()),
        (64, 3, (TONE / 32768).astype("<f8").tobytes()),
    ]


@pytest.mark.parametrize(("bits", "kind", "data"), _widths())
def test_wav_of_any_width_is_heard_alike(bits: int, kind: int, data: bytes) -> None:
    heard = decode(WavDecoder(), wav_bytes(data, 24_000, bits=bits, kind=kind), 37)
    allowed = 256 if bits == 8 else 2
    assert len(heard) == len(TONE)
    assert np.abs(heard.astype(int) - TONE).max() <= allowed


def test_stereo_is_mixed_to_mono() -> None:
    stereo = np.stack([TONE, np.zeros_like(TONE)], axis=1).tobytes()
    heard = decode(WavDecoder(), wav_bytes(stereo, 24_000, channels=2), 5)
    assert np.abs(heard.astype(int) - TONE // 2).max() <= 2


def test_extensible_format_and_other_chunks_are_read() -> None:
    plain = wav_bytes(TONE.tobytes(), 24_000)
    extension = struct.pack("<HHIH14s", 22, 16, 4, 1, b"")
    chunk = struct.pack("<HHIIHH", 0xFFFE, 1, 24_000, 48_000, 2, 16) + extension
    extensible = (
        plain[:12]
        + b"LIST\3\0\0\0abc\0"  # an odd chunk is padded
        + b"fmt "
        + struct.pack("<I", len(chunk))
        + chunk
        + plain[36:]
    )
    assert np.array_equal(decode(WavDecoder(), extensible, 11), TONE)


def test_what_follows_the_sound_is_not_sound() -> None:
    data = wav_bytes(TONE.tobytes(), 24_000, size=2 * len(TONE)) + b"LIST\4\0\0\0tags"
    assert np.array_equal(decode(WavDecoder(), data, 64), TONE)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"error": "no"}', "no RIFF"),
        (b"<html>", "no RIFF"),
        (b"RIFF\0\0\0\0AVI ", "no RIFF"),
        (wav_bytes(b"", 24_000)[:12] + b"data\0\0\0\0", "without a format"),
        (wav_bytes(b"", 24_000, bits=12), "12 bits"),
        (wav_bytes(b"", 24_000, kind=85), "format 85"),
        (wav_bytes(b"", 0), "at 0 Hz"),
        (wav_bytes(b"", 24_000, channels=0), "0 channels"),
        (wav_bytes(b"", 24_000)[:12] + b"junk\xff\xff\xff\x7f", "header chunk"),
        (wav_bytes(b"", 24_000)[:12] + b"fmt \2\0\0\0\1\0", "broken format"),
    ],
)
def test_what_is_no_wav_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(SpeechAudioError, match=words):
        decode(WavDecoder(), data, 100)
