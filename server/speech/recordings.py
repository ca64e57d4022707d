"""Recordings that were sent: from a file of any kind to the stretches in which somebody talks.

Everything here blocks.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np

from pipeline.audio import HEARING_RATE, Samples, decode_file, to_float
from pipeline.errors import AudioError

FORMATS = "wav,mp3,flac,ogg,mov,matroska,aac,aiff,w64,amr,caf"
"""What FFmpeg may take a file for. Not the formats that name other files, which it would open."""

LONGEST_STRETCH = 28.0
"""Seconds that are transcribed at once; Whisper hears 30, and the edges are padded."""

_EDGE = 0.2
"""Seconds kept before and after speech."""

_PAUSE = 0.5
"""Seconds of silence that divide two stretches."""


class RecordingError(Exception):
    """The file cannot be transcribed. The message says why."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording in which somebody talks."""

    start: float
    """Seconds from the beginning of the recording, as :attr:`end`."""

    end: float
    voiced: float
    """Seconds of it that are speech."""

    samples: Samples
    """16 kHz mono, a little silence around the speech."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A decoded file."""

    seconds: float
    stretches: Sequence[Stretch]


def read_recording(path: Path, *, longest: float, given_up: threading.Event) -> Recording:
    """Decode a file and find the speech in it.

    Args:
        path: The file, of any of :data:`FORMATS`.
        longest: Seconds of sound that are taken.
        given_up: Set by another thread when nobody waits any more.

    Raises:
        RecordingError: It holds no sound, too much, or nobody waits any more.

    """
    try:
        # FFmpeg keeps to the formats it may try only where it is told so, and decode_file, which
        # opens the file again, tells it nothing.
        av.open(str(path), options={"format_whitelist": FORMATS}).close()
        samples = _decode(path, longest, given_up)
    except (AudioError, av.error.FFmpegError, OSError, ValueError) as error:
        raise RecordingError(
            "This is not an audio file that can be read (WAV, MP3, FLAC, Ogg, M4A, WebM …)."
        ) from error
    return Recording(len(samples) / HEARING_RATE, _stretches(samples))


def _decode(path: Path, longest: float, given_up: threading.Event) -> Samples:
    pieces = []
    room = round(longest * HEARING_RATE)
    for piece in decode_file(path):
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            raise RecordingError(
                f"The recording is too long; send at most {longest:g} s at a time."
            )
        if given_up.is_set():
            raise RecordingError("Nobody waits for this recording any more.")
    return np.concatenate(pieces)


def _stretches(samples: Samples) -> list[Stretch]:
    # It takes long to import, and few servers are ever asked to transcribe.
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415 - see above

    options = VadOptions(
        max_speech_duration_s=LONGEST_STRETCH,
        min_silence_duration_ms=round(_PAUSE * 1000),
        speech_pad_ms=0,
    )
    found = get_speech_timestamps(to_float(samples), options)
    edge = round(_EDGE * HEARING_RATE)
    return [
        Stretch(
            start=each["start"] / HEARING_RATE,
            end=each["end"] / HEARING_RATE,
            voiced=(each["end"] - each["start"]) / HEARING_RATE,
            samples=samples[max(0, each["start"] - edge) : each["end"] + edge],
        )
        for each in found
    ]
