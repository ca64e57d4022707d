from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import HEARING_RATE, Samples, decode_file
from server.speech.encode import AudioFormat, open_encoder
from server.speech.recordings import LONGEST_STRETCH, Recording, RecordingError, read_recording

CLIP = Path(__file__).parents[3] / "models" / "fixture" / "clips" / "ann-weather.flac"


def read(path: Path, *, longest: float = 600.0) -> Recording:
    return read_recording(path, longest=longest, given_up=threading.Event())


def spoken() -> Samples:
    return np.concatenate(list(decode_file(CLIP)))


def write(path: Path, samples: Samples, audio_format: AudioFormat = AudioFormat.WAV) -> Path:
    encoder = open_encoder(audio_format, HEARING_RATE)
    path.write_bytes(encoder.encode(samples) + encoder.finish())
    return path


def test_speech_is_found_between_silences(tmp_path: Path) -> None:
    clip = spoken()
    silence = np.zeros(3 * HEARING_RATE, np.int16)
    path = write(tmp_path / "two", np.concatenate([silence, clip, silence, clip, silence]))
    recording = read(path)
    begin, end = 0.38, 2.35  # of the clip's speech
    again = len(clip) / HEARING_RATE + 6.0
    assert recording.seconds == pytest.approx(again + again - 3.0)
    first, second = recording.stretches
    assert (first.start, first.end) == pytest.approx((3.0 + begin, 3.0 + end), abs=0.15)
    assert (second.start, second.end) == pytest.approx((again + begin, again + end), abs=0.15)
    assert first.voiced <= first.end - first.start
    assert len(first.samples) == pytest.approx((first.voiced + 0.4) * HEARING_RATE, abs=2)


@pytest.mark.parametrize(
    "audio_format", [each for each in AudioFormat if each is not AudioFormat.PCM]
)
def test_every_usual_kind_of_file_is_read(tmp_path: Path, audio_format: AudioFormat) -> None:
    assert len(read(write(tmp_path / "file", spoken(), audio_format)).stretches) == 1


def test_a_long_speech_is_divided(tmp_path: Path) -> None:
    recording = read(write(tmp_path / "long", np.tile(spoken(), 25)))
    assert len(recording.stretches) > 1
    assert all(part.end - part.start <= LONGEST_STRETCH + 0.5 for part in recording.stretches)


def test_silence_holds_no_speech(tmp_path: Path) -> None:
    recording = read(write(tmp_path / "silence", np.zeros(HEARING_RATE, np.int16)))
    assert (recording.seconds, list(recording.stretches)) == (1.0, [])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"nope" * 1000,
        json.dumps({"no": "audio"}).encode(),
        b"#EXTM3U\n#EXTINF:1,\nclip.flac\n",
        b"ffconcat version 1.0\nfile clip.flac\n",
        b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00",
    ],
)
def test_what_is_no_sound_or_names_other_files_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.flac").write_bytes(CLIP.read_bytes())
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match="not an audio file") as caught:
        read(path)
    assert str(tmp_path) not in str(caught.value)


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "long", np.zeros(3 * HEARING_RATE, np.int16))
    with pytest.raises(RecordingError, match="at most 2 s"):
        read(path, longest=2.0)


def test_nobody_waits_any_more() -> None:
    given_up = threading.Event()
    given_up.set()
    with pytest.raises(RecordingError, match="Nobody waits"):
        read_recording(CLIP, longest=600.0, given_up=given_up)
