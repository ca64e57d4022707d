from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.speech_audio import SpeechAudioError
from pipeline.tts_sound import PORTION, Announced, SpeechSound
from tests.peers.speech_server import tone, wav_bytes

TONE = tone(0.3, SPEECH_RATE)
PCM = Announced("audio/pcm", None, 1)


def heard(sound: SpeechSound, data: bytes, step: int) -> list[Samples]:
    pieces = [sound.push(data[at : at + step]) for at in range(0, len(data), step)]
    return [piece for piece in (*pieces, sound.flush()) if len(piece)]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Announced("audio/unknown", None, 1)),
        ({"Content-Type": "Audio/PCM;Rate=16000"}, Announced("audio/pcm", 16_000, 1)),
        ({"Content-Type": 'audio/L16;rate="8000";channels=2'}, Announced("audio/l16", 8000, 2)),
        ({"Content-Type": "audio/pcm;channels=99"}, Announced("audio/pcm", None, 1)),
        ({"X-Sample-Rate": "9" * 5000}, Announced("audio/unknown", None, 1)),
        ({"X-Sample-Rate": "44100"}, Announced("audio/unknown", 44_100, 1)),
    ],
)
def test_headers_are_read(headers: dict[str, str], expected: Announced) -> None:
    assert Announced.of(headers) == expected


@pytest.mark.parametrize("step", [1, 2, 7, 999, 100_000])
@pytest.mark.parametrize("wav", [False, True])
def test_any_chunk_borders_give_the_same_sound_in_portions(step: int, wav: bool) -> None:
    data = wav_bytes(TONE.tobytes(), SPEECH_RATE) if wav else TONE.tobytes()
    pieces = heard(SpeechSound(PCM, "pcm", SPEECH_RATE), data, step)
    assert np.array_equal(np.concatenate(pieces), TONE)
    assert all(len(piece) >= PORTION for piece in pieces[:-1])


def test_what_is_shorter_than_a_magic_number_is_sound_too() -> None:
    sound = SpeechSound(PCM, "pcm", SPEECH_RATE)
    assert not sound.begun
    assert list(np.concatenate(heard(sound, b"\1\0", 1))) == [1]
    assert sound.begun


def test_raw_samples_are_not_taken_for_compressed_frames() -> None:
    data = b"\xff\xfb" * 3000
    assert sum(map(len, heard(SpeechSound(PCM, "pcm", SPEECH_RATE), data, 999))) == 3000
    with pytest.raises(SpeechAudioError, match="compressed"):
        SpeechSound(Announced("audio/mpeg", None, 1), "pcm", SPEECH_RATE).push(data)


def test_nothing_is_no_sound() -> None:
    sound = SpeechSound(PCM, "wav", SPEECH_RATE)
    assert heard(sound, b"", 1) == []
    assert not sound.begun
    assert not sound.complete


def test_a_wav_is_complete_when_its_data_is() -> None:
    sound = SpeechSound(PCM, "wav", SPEECH_RATE)
    data = wav_bytes(TONE.tobytes(), SPEECH_RATE, size=2 * len(TONE))
    sound.push(data[:-2])
    assert not sound.complete
    sound.push(data[-2:])
    assert sound.complete
