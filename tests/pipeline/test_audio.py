"""Files of any kind become 16 kHz mono; what cannot be read says why."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import AudioFrame, Resampler, decode_file, to_float, to_pcm
from pipeline.errors import AudioError


def sine(rate: int, seconds: float) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype("<i2")


def write(path: Path, samples: np.ndarray, rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return path


def write_float(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    data = samples.astype("<f4").tobytes()
    header = struct.pack("<HHIIHH", 3, 1, rate, 4 * rate, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + header + b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data)
    return path


def decode(path: Path, **options: int) -> np.ndarray:
    return np.concatenate(list(decode_file(path, **options)))


def test_a_file_at_our_rate_comes_through_unchanged(tmp_path):
    samples = sine(16_000, 1.0)
    assert np.array_equal(decode(write(tmp_path / "a.wav", samples, 16_000)), samples)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 2), (48_000, 1)])
def test_other_rates_and_channels_become_ours(rate, channels, tmp_path):
    heard = decode(write(tmp_path / "a.wav", sine(rate, 1.0), rate, channels))
    assert len(heard) == pytest.approx(16_000, abs=40)
    assert np.argmax(np.abs(np.fft.rfft(heard[:16_000]))) == pytest.approx(440, abs=1)
    assert np.abs(heard[2_000:-2_000]).max() == pytest.approx(8_000, rel=0.02)


def test_stereo_as_loud_as_can_be_is_not_clipped(tmp_path):
    samples = (sine(16_000, 1.0).astype(int) * 4).astype("<i2")
    assert np.array_equal(decode(write(tmp_path / "a.wav", samples, 16_000, 2)), samples)


def test_the_rate_can_be_chosen(tmp_path):
    path = write(tmp_path / "a.wav", sine(16_000, 1.0), 16_000)
    assert len(decode(path, rate=24_000)) == pytest.approx(24_000, abs=40)


def test_a_file_is_read_piece_by_piece(tmp_path):
    path = write(tmp_path / "a.wav", np.zeros(16_000 * 60, "<i2"), 16_000)
    assert max(len(piece) for piece in decode_file(path)) < 16_000


def test_what_is_not_a_number_is_silence_and_what_is_too_loud_is_clipped(tmp_path):
    samples = np.full(16_000, 0.25)
    samples[100:200] = np.nan
    samples[300:400] = np.inf
    samples[500:600] = 7.0
    samples[700:800] = -7.0
    heard = decode(write_float(tmp_path / "a.wav", samples))
    assert set(heard[:100]) == {8192}
    assert not heard[100:200].any()
    assert not heard[300:400].any()
    assert set(heard[500:600]) == {32_767}
    assert set(heard[700:800]) == {-32_768}


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(AudioError, match="no such file"):
        decode(tmp_path / "none.wav")


def test_a_folder(tmp_path):
    with pytest.raises(AudioError, match="is a folder"):
        decode(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello, I am text\n" * 100, b"RIFF\x00\x00"])
def test_a_file_that_is_not_audio(content, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match="not an audio file that can be read"):
        decode(path)


def test_a_file_without_a_sample(tmp_path):
    with pytest.raises(AudioError, match="holds no audio"):
        decode(write(tmp_path / "a.wav", sine(16_000, 0.0), 16_000))


def test_a_frame_knows_when_it_ends():
    frame = AudioFrame("ann", np.zeros(512, np.int16), 1.0)
    assert frame.seconds == pytest.approx(0.032)
    assert frame.end == pytest.approx(1.032)


def test_pcm_and_float_are_inverse():
    samples = np.arange(-32_768, 32_768, dtype=np.int16)
    assert np.array_equal(to_pcm(to_float(samples)), samples)


@pytest.mark.parametrize(("source", "target"), [(48_000, 16_000), (22_050, 24_000)])
def test_a_stream_is_resampled_without_gaps(source, target):
    samples = sine(source, 2.0).astype(np.int16)
    resampler = Resampler(source, target)
    parts = [resampler.push(samples[at : at + 960]) for at in range(0, len(samples), 960)]
    out = np.concatenate([*parts, resampler.flush()])
    assert len(out) == pytest.approx(2 * target, abs=target // 400)
    middle = out[target // 2 : target // 2 + target].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) == 440
    clicks = np.delete(spectrum, np.arange(430, 451))
    assert clicks.max() < spectrum[440] / 1000


def test_a_sound_that_lies_backwards_in_memory_is_resampled_too() -> None:
    sound = np.arange(-240, 240, dtype=np.int16)[::-1]
    first, second = (Resampler(24_000, 8_000).push(one) for one in (sound, sound.copy()))
    assert first.tolist() == second.tolist()


def test_one_rate_passes_through():
    resampler = Resampler(24_000, 24_000)
    samples = sine(24_000, 0.1).astype(np.int16)
    assert resampler.push(samples) is samples
    assert not len(resampler.flush())


def test_nothing_pushed_is_nothing_out():
    resampler = Resampler(48_000, 24_000)
    assert not len(resampler.push(np.empty(0, np.int16)))
    assert not len(resampler.flush())
