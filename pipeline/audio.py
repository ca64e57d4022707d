"""PCM audio as it moves between transports and models."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
import numpy.typing as npt

from pipeline.errors import AudioError

Samples = npt.NDArray[np.int16]
"""Mono PCM, shape ``(n,)``."""

HEARING_RATE = 16_000
"""Hertz, mono: what every transport delivers and every model of the pipeline takes."""

SPEECH_RATE = 24_000
"""Hertz, mono: what the text-to-speech client delivers and every transport plays."""

VAD_WINDOW = 512
"""Samples at :data:`HEARING_RATE` that the voice activity model takes at once (32 ms)."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A few milliseconds of one speaker's voice, at :data:`HEARING_RATE`."""

    speaker: str
    """Stable id of who is talking: a Discord user id or a phone number."""

    samples: Samples
    """Mono PCM, shape ``(n,)``."""

    at: float
    """When the first sample was heard, in seconds on the conversation clock."""

    continuous: bool = False
    """Whether the speaker's sound is sent also in silence, as on the telephone: what is missing
    after it is late then, and no silence."""

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / HEARING_RATE

    @property
    def end(self) -> float:
        """When the last sample was heard, same clock as :attr:`at`."""
        return self.at + self.seconds


class Resampler:
    """Converts a stream of mono PCM from one sample rate to another.

    Keep one per stream: the filter has memory across calls.

    Args:
        source_rate: Hertz of what is pushed.
        target_rate: Hertz of what comes out.

    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._source_rate = source_rate
        self._passthrough = source_rate == target_rate
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=target_rate)

    def push(self, samples: Samples) -> Samples:
        """Take in the next samples and return what is ready (may be empty)."""
        if self._passthrough or not len(samples):
            return samples
        row = np.ascontiguousarray(samples).reshape(1, -1)  # a faded sound is a view, backwards
        frame = av.AudioFrame.from_ndarray(row, format="s16", layout="mono")
        frame.sample_rate = self._source_rate
        return _joined(self._resampler.resample(frame))

    def flush(self) -> Samples:
        """Return the last samples the filter held back; the stream is over."""
        if self._passthrough:
            return np.empty(0, np.int16)
        return _joined(self._resampler.resample(None))


def decode_file(path: Path, *, rate: int = HEARING_RATE) -> Generator[Samples]:
    """Decode an audio file piece by piece, downmixed to mono at ``rate``.

    Takes whatever PyAV (FFmpeg) reads: WAV of any width, FLAC, MP3, Ogg, M4A,
    the sound of a video. Memory does not grow with the file. Samples that are
    not numbers are heard as silence.

    Raises:
        AudioError: The file is missing, empty, or holds no audio.

    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise AudioError(f"{path}: no audio in this file")
            yield from _decode(container, rate, path)
    except FileNotFoundError as error:
        raise AudioError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise AudioError(f"{path}: is a folder, not an audio file") from error
    except PermissionError as error:
        raise AudioError(f"{path}: may not be read (permission denied)") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise AudioError(
            f"{path}: not an audio file that can be read (WAV, FLAC, MP3, Ogg …)"
        ) from error


def _decode(container: av.container.InputContainer, rate: int, path: Path) -> Iterator[Samples]:
    # Two channels are averaged here: FFmpeg adds them up, by 3 dB too loud, and what is loud
    # already is clipped. More than two it knows better how to mix.
    layout = "stereo" if container.streams.audio[0].channels == 2 else "mono"  # noqa: PLR2004 - "two"
    # The 32-bit float step lets NaN and infinity be seen before they wrap
    # around in an integer conversion and are heard as a loud click.
    to_float = av.AudioResampler(format="fltp", layout=layout, rate=rate)
    heard = False
    for frame in container.decode(audio=0):
        for piece in to_float.resample(frame):
            heard = True
            yield to_pcm(piece.to_ndarray().mean(axis=0))
    for piece in to_float.resample(None) if heard else ():
        yield to_pcm(piece.to_ndarray().mean(axis=0))
    if not heard:
        raise AudioError(f"{path}: holds no audio (0 samples)")


def to_pcm(samples: npt.NDArray[np.floating]) -> Samples:
    """Convert float samples in [-1, 1) to PCM; NaN becomes silence, the rest is clipped.

    The inverse of :func:`to_float`: 16-bit audio comes through unchanged.
    """
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    pcm: Samples = np.clip(np.rint(finite * 32768.0), -32768.0, 32767.0).astype(np.int16)
    return pcm


def to_float(samples: Samples) -> npt.NDArray[np.float32]:
    """Convert PCM to float32 in [-1, 1)."""
    return samples.astype(np.float32) / 32768.0


def _joined(frames: list[av.AudioFrame]) -> Samples:
    joined: Samples = np.concatenate(
        [np.empty(0, np.int16), *(frame.to_ndarray().reshape(-1) for frame in frames)],
        dtype=np.int16,
        casting="unsafe",  # the resamplers above are asked for 16 bits
    )
    return joined
