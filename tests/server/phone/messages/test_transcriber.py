"""What is made of the recording of a message."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import HEARING_RATE, Samples
from pipeline.config import VadConfig
from pipeline.errors import AudioError, SpeechToTextError, StageError
from pipeline.interfaces import Segment, Transcript
from server.phone.audio.g711 import PHONE_RATE
from server.phone.messages.transcriber import Transcriber, Written


class Voice:
    closed = False

    async def score(self, window: Samples) -> float:
        return 1.0 if np.abs(window).max() > 500 else 0.0

    def reset(self) -> None: ...

    def close(self) -> None:
        self.closed = True


class Ears:
    def __init__(self) -> None:
        self.voice = Voice()

    def open(self) -> Voice:
        return self.voice


class Words:
    def __init__(self, said: str | StageError) -> None:
        self._said = said
        self.committed = False

    def commit(self) -> None:
        self.committed = True

    def cancel(self) -> None: ...

    async def transcript(self) -> Transcript:
        assert self.committed
        if isinstance(self._said, StageError):
            raise self._said
        return Transcript(self._said, "de")


class Recogniser:
    def __init__(self, *said: str | StageError) -> None:
        self._said = list(said)
        self.heard: list[tuple[Samples, Segment]] = []

    def start(self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()) -> Words:
        self.heard.append((samples, segment))
        return Words(self._said.pop(0))


def recording(path: Path, *caller: tuple[float, float], seconds: float) -> Path:
    """Write a call in which the caller makes sound in some spans, and the bot always does."""
    sound = np.zeros((round(seconds * PHONE_RATE), 2), np.int16)
    wobble = 3000 * np.sin(2 * np.pi * 300 * np.arange(len(sound)) / PHONE_RATE)
    sound[:, 1] = wobble
    for first, last in caller:
        span = slice(round(first * PHONE_RATE), round(last * PHONE_RATE))
        sound[span, 0] = wobble[span]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(PHONE_RATE)
        file.writeframes(sound.tobytes())
    return path


def written(path: Path, recogniser: Recogniser) -> Written:
    transcriber = Transcriber(Ears(), recogniser, VadConfig())
    return asyncio.run(transcriber.write_down(path, "+15550001111"))


def test_only_the_caller_is_listened_to_and_all_pieces_are_joined(tmp_path: Path) -> None:
    path = recording(tmp_path / "c.wav", (1.0, 10.0), (11.0, 13.0), seconds=15.0)
    recogniser = Recogniser("please call back", "it is urgent")
    assert written(path, recogniser) == Written("please call back it is urgent", "de")
    (first, segment), (second, _) = recogniser.heard
    assert (segment.start, segment.end) == pytest.approx((1.0, 10.0), abs=0.05)
    assert segment.voiced == pytest.approx(9.0, abs=0.1)
    assert len(first) / HEARING_RATE == pytest.approx(9.4, abs=0.1)
    assert len(second) / HEARING_RATE == pytest.approx(2.4, abs=0.1)


def test_nothing_said_is_nothing_written(tmp_path: Path) -> None:
    path = recording(tmp_path / "c.wav", seconds=3.0)
    assert written(path, Recogniser()) == Written("", None)


def test_words_that_were_not_made_out_are_left_out(tmp_path: Path) -> None:
    path = recording(tmp_path / "c.wav", (1.0, 3.0), seconds=4.0)
    assert written(path, Recogniser("")) == Written("", None)


def test_a_model_that_fails_and_a_file_that_is_none_are_told(tmp_path: Path) -> None:
    path = recording(tmp_path / "c.wav", (1.0, 3.0), seconds=4.0)
    with pytest.raises(SpeechToTextError):
        written(path, Recogniser(SpeechToTextError("overloaded")))
    path.write_bytes(b"no sound")
    with pytest.raises(AudioError, match=r"c\.wav"):
        written(path, Recogniser())
    with pytest.raises(AudioError, match=r"gone\.wav"):
        written(tmp_path / "gone.wav", Recogniser())
