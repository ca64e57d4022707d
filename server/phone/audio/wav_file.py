"""A WAV file that can be read at any moment, whatever becomes of the program that writes it.

Sound goes to the end of the file first, then the header is written anew in one go. A program that
is killed in between leaves a header that tells of a little less than there is; :func:`repair` makes
that whole too.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_WIDTH: Final = 2  # bytes of a sample
_MOST: Final = 0xFFFF_FFFF - _HEADER.size
"""Bytes of sound whose length the header can tell: 37 hours of a phone call in stereo."""


class WavFile:
    """A file of 16-bit PCM that grows. Blocks: for a thread of its own.

    Args:
        path: Where; must not exist yet. Only its owner may read it.
        rate: Hertz.
        channels: How many.

    Raises:
        OSError: It cannot be made.

    """

    def __init__(self, path: Path, *, rate: int, channels: int) -> None:
        self._rate = rate
        self._channels = channels
        self._bytes = 0
        self._file = open(path, "xb", buffering=0, opener=_private)  # noqa: SIM115 - kept open
        try:
            self._write_header()
        except OSError:
            self._file.close()
            path.unlink()
            raise

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self._bytes / (self._rate * self._channels * _WIDTH)

    def append(self, pcm: bytes) -> None:
        """Write more sound, whole samples of all channels.

        Raises:
            OSError: The disk is full, or gone; what was written before can be read.

        """
        if self._bytes + len(pcm) > _MOST:
            raise OSError("a WAV file can be no longer")
        self._file.seek(_HEADER.size + self._bytes)
        rest = memoryview(pcm)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._bytes += len(pcm)
        self._write_header()

    def close(self) -> None:
        """Cut off what the header does not tell of, and have the disk keep the rest.

        Raises:
            OSError: The disk did not.

        """
        try:
            self._file.truncate(_HEADER.size + self._bytes)
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def _write_header(self) -> None:
        self._file.seek(0)
        self._file.write(_header(self._rate, self._channels, self._bytes))


def repair(path: Path) -> bool:
    """Make a file whole that :class:`WavFile` was writing when its program was killed.

    Not for a file that is being written.

    Returns:
        Whether there is sound in it; if not, it is no use, and still there.

    Raises:
        OSError: It cannot be read, or written.

    """
    with path.open("r+b") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return False
        fields = _HEADER.unpack(header)
        channels, rate, told = int(fields[6]), int(fields[7]), int(fields[-1])
        if not channels or header != _header(rate, channels, told):
            return False
        frame = channels * _WIDTH
        there = min(file.seek(0, os.SEEK_END) - _HEADER.size, _MOST) // frame * frame
        if there != told or file.tell() != _HEADER.size + there:
            file.truncate(_HEADER.size + there)
            file.seek(0)
            file.write(_header(rate, channels, there))
    return there > 0


def _header(rate: int, channels: int, length: int) -> bytes:
    frame = channels * _WIDTH
    size = (length + _HEADER.size - 8) & 0xFFFF_FFFF
    return _HEADER.pack(
        b"RIFF",
        size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        rate,
        rate * frame & 0xFFFF_FFFF,
        frame & 0xFFFF,
        8 * _WIDTH,
        b"data",
        length,
    )  # fmt: skip - one line a chunk


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
