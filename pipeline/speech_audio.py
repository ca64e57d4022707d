"""Decodes speech as it arrives over HTTP: raw PCM and WAV, any chunk borders. Sans-I/O."""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline.audio import Samples, to_pcm

_PCM = 1
_FLOAT = 3
_EXTENSIBLE = 0xFFFE

_UNKNOWN_SIZE = 0x7FFF0000
"""Data sizes from here on, and 0, are what streaming servers write: the end is not known."""

RATES = range(4_000, 192_001)
"""Sample rates, in hertz, that are believed."""

_LONGEST_HEADER = 65_536
"""Bytes in which the sound must begin."""


class SpeechAudioError(ValueError):
    """The bytes are not audio that can be decoded."""


class SpeechDecoder(Protocol):
    """Decodes one response."""

    @property
    def rate(self) -> int:
        """Hertz; known once samples came out."""

    @property
    def complete(self) -> bool:
        """Whether all sound that was announced has come, as far as that is known."""

    def push(self, data: bytes) -> Samples:
        """Take in bytes and return the mono samples they complete (may be empty).

        Raises:
            SpeechAudioError: The bytes are not audio that can be decoded.

        """


class PcmDecoder:
    """Raw 16-bit little-endian PCM, mixed to mono.

    Args:
        rate: Hertz, as the server or the settings say.
        channels: How many take turns.

    """

    complete = True

    def __init__(self, rate: int, channels: int = 1) -> None:
        self.rate = rate
        self._channels = channels
        self._rest = b""

    def push(self, data: bytes) -> Samples:
        """Take in bytes; half a sample waits for its other half."""
        data = self._rest + data
        whole = len(data) - len(data) % (2 * self._channels)
        self._rest = data[whole:]
        return _from_pcm(data[:whole], self._channels)


class _WavPart(Enum):
    RIFF = auto()
    CHUNK_HEADERS = auto()
    DATA = auto()


class WavDecoder:
    """A WAV of 8, 16, 24 or 32 bits or floats, any number of channels, mixed to mono.

    The sizes in its header may be missing, as in every WAV that is streamed.
    """

    def __init__(self) -> None:
        self.rate = 0
        self._part = _WavPart.RIFF
        self._buffer = b""
        self._left: int | None = None
        self._channels = 0
        self._width = 0
        self._convert: Callable[[bytes], npt.NDArray[np.float64]] = _from_int16

    @property
    def complete(self) -> bool:
        """Whether the data is as long as the header says, or the header does not say."""
        return self._part is _WavPart.DATA and not self._left

    def push(self, data: bytes) -> Samples:
        """Take in bytes; what follows the sound (tags) is not sound."""
        self._buffer += data
        if self._part is _WavPart.RIFF:
            self._read_riff()
        while self._part is _WavPart.CHUNK_HEADERS and self._read_chunk():
            pass
        return self._read_data() if self._part is _WavPart.DATA else np.empty(0, np.int16)

    def _read_riff(self) -> None:
        riff = self._buffer[:12]
        if not b"RIFF".startswith(riff[:4]) or not b"WAVE".startswith(riff[8:]):
            raise SpeechAudioError("not a WAV (no RIFF header)")
        if len(riff) == 12:  # noqa: PLR2004  "RIFF", size, "WAVE"
            self._buffer = self._buffer[12:]
            self._part = _WavPart.CHUNK_HEADERS

    def _read_chunk(self) -> bool:
        """Read one chunk of the header; returns whether to look for the next."""
        if len(self._buffer) < 8:  # noqa: PLR2004  name and size
            return False
        name, size = struct.unpack("<4sI", self._buffer[:8])
        if name == b"data":
            if not self._width:
                raise SpeechAudioError("a WAV without a format before its data")
            self._left = size if 0 < size < _UNKNOWN_SIZE else None
            self._buffer = self._buffer[8:]
            self._part = _WavPart.DATA
            return False
        end = 8 + size + size % 2  # chunks are padded to an even length
        if end > _LONGEST_HEADER:
            raise SpeechAudioError(f"a WAV with a header chunk of {size} bytes")
        if len(self._buffer) < end:
            return False
        if name == b"fmt ":
            self._read_format(self._buffer[8 : 8 + size])
        self._buffer = self._buffer[end:]
        return True

    def _read_format(self, data: bytes) -> None:
        try:
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data)
            if kind == _EXTENSIBLE:
                (kind,) = struct.unpack_from("<H", data, 24)  # first field of its GUID
        except struct.error as error:
            raise SpeechAudioError("a WAV with a broken format chunk") from error
        convert = _CONVERSIONS.get((kind, bits))
        if convert is None:
            raise SpeechAudioError(f"a WAV of an unknown kind (format {kind}, {bits} bits)")
        if not channels or rate not in RATES:
            raise SpeechAudioError(f"a WAV with {channels} channels at {rate} Hz")
        self.rate = rate
        self._channels = channels
        self._width = channels * bits // 8
        self._convert = convert

    def _read_data(self) -> Samples:
        available = len(self._buffer) if self._left is None else min(len(self._buffer), self._left)
        whole = available - available % self._width
        data, self._buffer = self._buffer[:whole], self._buffer[whole:]
        if self._left is not None:
            self._left -= whole
            if self._left < self._width:  # the sound is over
                self._left, self._buffer = 0, b""
        if self._convert is _from_int16:
            return _from_pcm(data, self._channels)
        return to_pcm(self._convert(data).reshape(-1, self._channels).mean(axis=1))


def _from_pcm(data: bytes, channels: int) -> Samples:
    samples = np.frombuffer(data, "<i2")
    if channels == 1:
        return samples.astype(np.int16)
    return to_pcm(_from_int16(data).reshape(-1, channels).mean(axis=1))


def _from_uint8(data: bytes) -> npt.NDArray[np.float64]:
    return (np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 128


def _from_int16(data: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(data, "<i2").astype(np.float64) / 2**15


def _from_int24(data: bytes) -> npt.NDArray[np.float64]:
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.view("<i4").reshape(-1).astype(np.float64) / 2**31


def _from_int32(data: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(data, "<i4").astype(np.float64) / 2**31


def _from_float32(data: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(data, "<f4").astype(np.float64)


def _from_float64(data: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(data, "<f8").astype(np.float64)


_CONVERSIONS: dict[tuple[int, int], Callable[[bytes], npt.NDArray[np.float64]]] = {
    (_PCM, 8): _from_uint8,
    (_PCM, 16): _from_int16,
    (_PCM, 24): _from_int24,
    (_PCM, 32): _from_int32,
    (_FLOAT, 32): _from_float32,
    (_FLOAT, 64): _from_float64,
}
