"""From PCM to what a client asked for, a piece at a time."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

import av
import numpy as np

from pipeline.audio import Samples
from pipeline.word_times import WordStart

UNKNOWN_SIZE = 0xFFFFFFFF
"""Size in the header of a WAV whose end is not known yet."""

BIT_RATE = 64_000
"""Bits per second of the lossy formats: transparent for one voice."""


class AudioFormat(StrEnum):
    """``response_format`` of OpenAI's speech API."""

    MP3 = "mp3"
    OPUS = "opus"
    AAC = "aac"
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"


@dataclass(frozen=True, slots=True)
class EncodedSound:
    """A piece of a stream."""

    data: bytes
    words: tuple[WordStart, ...] = ()
    """Words that begin in it or soon after, where the engine knows."""


class UnsupportedRateError(ValueError):
    """The format knows no such sample rate."""


class Encoder(Protocol):
    """Encodes one stream."""

    at_once: float
    """Seconds of sound that are encoded in a few milliseconds: what is more should be divided."""

    def encode(self, samples: Samples) -> bytes:
        """Take in samples and return the bytes that are ready (may be empty)."""

    def finish(self) -> bytes:
        """Return the last bytes; the stream is over."""


def open_encoder(audio_format: AudioFormat, rate: int) -> Encoder:
    """Begin a stream of mono audio at ``rate`` hertz.

    Raises:
        UnsupportedRateError: The format knows no such rate.

    """
    match audio_format:
        case AudioFormat.PCM:
            return _Pcm()
        case AudioFormat.WAV:
            return _Wav(rate)
        case AudioFormat.MP3 | AudioFormat.OPUS | AudioFormat.AAC | AudioFormat.FLAC:
            return _Container(audio_format, rate)


def media_type(audio_format: AudioFormat, rate: int) -> str:
    """Return the content type; that of raw PCM tells the rate."""
    match audio_format:
        case AudioFormat.PCM:
            return f"audio/pcm;rate={rate}"
        case AudioFormat.MP3:
            return "audio/mpeg"
        case AudioFormat.OPUS:
            return "audio/ogg"
        case AudioFormat.AAC | AudioFormat.FLAC | AudioFormat.WAV:
            return f"audio/{audio_format}"


class _Pcm:
    at_once = 5.0

    def encode(self, samples: Samples) -> bytes:
        return samples.astype("<i2").tobytes()

    def finish(self) -> bytes:
        return b""


class _Wav:
    at_once = 5.0

    def __init__(self, rate: int) -> None:
        self._header = b"RIFF" + struct.pack("<I", UNKNOWN_SIZE) + b"WAVEfmt "
        self._header += struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
        self._header += b"data" + struct.pack("<I", UNKNOWN_SIZE)

    def encode(self, samples: Samples) -> bytes:
        header, self._header = self._header, b""
        return header + samples.astype("<i2").tobytes()

    def finish(self) -> bytes:
        return self._header


class _Sink:
    """A file that can only be written to: what the muxer wrote since the last look."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


_Codec = Literal["mp3", "libopus", "aac", "flac"]

_CONTAINERS: Mapping[AudioFormat, tuple[_Codec, str]] = {
    AudioFormat.MP3: ("mp3", "mp3"),
    AudioFormat.OPUS: ("libopus", "ogg"),
    AudioFormat.AAC: ("aac", "adts"),
    AudioFormat.FLAC: ("flac", "flac"),
}
"""FFmpeg's encoder and muxer of each format."""


class _Container:
    at_once = 0.4

    def __init__(self, audio_format: AudioFormat, rate: int) -> None:
        codec, muxer = _CONTAINERS[audio_format]
        rates = av.Codec(codec, "w").audio_rates  # None: any
        if rates is not None and rate not in rates:
            known = ", ".join(str(each) for each in sorted(rates) if each <= max(48_000, rate))
            raise UnsupportedRateError(f"{audio_format} has no {rate} Hz; it has {known}")
        self._sink = _Sink()
        # The Xing header of an MP3 holds its length, which a stream does not know.
        options = {"write_xing": "0"} if audio_format is AudioFormat.MP3 else {}
        self._container = av.open(self._sink, "w", format=muxer, options=options)
        self._stream = self._container.add_stream(codec, rate=rate)
        self._stream.layout = "mono"
        if audio_format is not AudioFormat.FLAC:
            self._stream.bit_rate = BIT_RATE
        self._rate = rate
        self._position = 0

    def encode(self, samples: Samples) -> bytes:
        if len(samples):
            planar = np.ascontiguousarray(samples).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(planar, format="s16", layout="mono")
            frame.sample_rate = self._rate
            frame.pts = self._position
            self._position += len(samples)
            self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()
