"""Transcripts in the forms that clients of OpenAI's API ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class TranscriptFormat(StrEnum):
    """``response_format`` of OpenAI's transcription API."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    VERBOSE_JSON = "verbose_json"


@dataclass(frozen=True, slots=True)
class Passage:
    """What was said without a longer pause."""

    start: float
    """Seconds from the beginning of the recording."""

    end: float
    """Same clock."""

    text: str
    language: str
    """ISO 639-1 code."""


@dataclass(frozen=True, slots=True)
class TranscribedRecording:
    """All that was said in a recording."""

    passages: Sequence[Passage]
    seconds: float
    """Length of the recording."""

    @property
    def text(self) -> str:
        """The words."""
        return " ".join(passage.text for passage in self.passages)


def srt(passages: Sequence[Passage]) -> str:
    """Write SubRip subtitles."""
    return "".join(
        f"{number}\n{_clock(each.start, ',')} --> {_clock(each.end, ',')}\n{each.text}\n\n"
        for number, each in enumerate(passages, 1)
    )


def vtt(passages: Sequence[Passage]) -> str:
    """Write WebVTT subtitles."""
    cues = (
        f"{_clock(each.start, '.')} --> {_clock(each.end, '.')}\n{_escaped(each.text)}\n\n"
        for each in passages
    )
    return "WEBVTT\n\n" + "".join(cues)


def verbose(recording: TranscribedRecording) -> dict[str, Any]:
    """Return ``verbose_json``; what the recogniser does not tell of its passages is null."""
    return {
        "task": "transcribe",
        "language": recording.passages[0].language if recording.passages else "",
        "duration": round(recording.seconds, 3),
        "text": recording.text,
        "segments": [_segment(number, each) for number, each in enumerate(recording.passages)],
    }


def _segment(number: int, passage: Passage) -> dict[str, Any]:
    return {
        "id": number,
        "seek": 0,
        "start": round(passage.start, 3),
        "end": round(passage.end, 3),
        "text": passage.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": None,
        "compression_ratio": None,
        "no_speech_prob": None,
    }


def _clock(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{thousandths:03}"


def _escaped(text: str) -> str:
    """Replace the characters that mean something in a WebVTT cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
