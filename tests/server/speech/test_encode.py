from __future__ import annotations

import io

import av
import numpy as np
import pytest

from pipeline.audio import Samples
from server.speech.encode import AudioFormat, UnsupportedRateError, media_type, open_encoder
from tests.peers.speech_server import tone

RATE = 24_000
TONE = tone(1.0, RATE)


def encode(audio_format: AudioFormat, samples: Samples, rate: int = RATE) -> list[bytes]:
    encoder = open_encoder(audio_format, rate)
    step = 1323
    pieces = [
        encoder.encode(samples[start : start + step]) for start in range(0, len(samples), step)
    ]
    return [*pieces, encoder.finish()]


def decode(data: bytes) -> tuple[Samples, int]:
    with av.open(io.BytesIO(data)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
        rate = container.streams.audio[0].rate
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]), rate


@pytest.mark.parametrize("audio_format", [each for each in AudioFormat if each != AudioFormat.PCM])
def test_every_format_is_read_back_with_its_length_and_pitch(audio_format: AudioFormat) -> None:
    heard, rate = decode(b"".join(encode(audio_format, TONE)))
    assert rate == (48_000 if audio_format is AudioFormat.OPUS else RATE)  # Opus decodes so
    assert len(heard) == pytest.approx(len(TONE), abs=RATE * 0.1)
    assert np.argmax(np.abs(np.fft.rfft(heard))) * RATE / len(heard) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("audio_format", [AudioFormat.WAV, AudioFormat.FLAC])
def test_lossless_formats_keep_every_sample(audio_format: AudioFormat) -> None:
    heard, _ = decode(b"".join(encode(audio_format, TONE)))
    assert np.array_equal(heard, TONE)


def test_pcm_is_the_samples() -> None:
    assert b"".join(encode(AudioFormat.PCM, TONE)) == TONE.tobytes()


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_bytes_come_out_while_the_speech_goes_on(audio_format: AudioFormat) -> None:
    pieces = encode(audio_format, np.tile(TONE, 5))
    if audio_format is not AudioFormat.OPUS:  # Ogg fills a page (about a second) first
        assert any(pieces[:10])
    assert sum(map(len, pieces[:-1])) > 0.7 * sum(map(len, pieces))


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_no_sound_is_no_error(audio_format: AudioFormat) -> None:
    open_encoder(audio_format, RATE).finish()


def test_a_rate_the_format_does_not_know_is_refused() -> None:
    with pytest.raises(UnsupportedRateError, match=r"opus has no 11025 Hz; it has 8000, .*48000$"):
        open_encoder(AudioFormat.OPUS, 11_025)


def test_raw_pcm_says_its_rate() -> None:
    assert media_type(AudioFormat.PCM, 16_000) == "audio/pcm;rate=16000"
    assert media_type(AudioFormat.MP3, 16_000) == "audio/mpeg"
