"""Opus by ctypes: voices straight to 16 kHz mono, replies straight from 24 kHz mono.

libopus resamples by itself, so nothing else has to. The library is the one
inside PyAV's wheel, which speech recognition needs anyway; else the system's.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from pathlib import Path

import av
import numpy as np

from pipeline.audio import HEARING_RATE, SPEECH_RATE, Samples

FRAME_SECONDS = 0.02
"""Length of the packets that Discord's clients send, and of ours."""

HEARING_FRAME = round(HEARING_RATE * FRAME_SECONDS)
"""Samples that a packet of :data:`FRAME_SECONDS` decodes to."""

SPEECH_FRAME = round(SPEECH_RATE * FRAME_SECONDS)
"""Samples that become one packet."""

_LONGEST_FRAME = round(HEARING_RATE * 0.12)
_LARGEST_PACKET = 1276  # a frame of 20 ms never needs more (RFC 6716, 3.4)
_APPLICATION_AUDIO = 2049  # the one for speech cuts low voices off below 80 Hz
_SET_BITRATE, _SET_INBAND_FEC, _SET_PACKET_LOSS, _SET_SIGNAL = 4002, 4012, 4014, 4024
_SIGNAL_VOICE = 3001
_BITRATE = 64_000
_EXPECTED_LOSS = 5  # per cent; more would cost quality for those who lose nothing

_Int16Pointer = ctypes.POINTER(ctypes.c_int16)


class OpusError(Exception):
    """libopus refused a packet, or there is no libopus."""


class OpusLibrary:
    """libopus, loaded.

    Args:
        path: The shared library.

    Raises:
        OpusError: It cannot be loaded.

    """

    def __init__(self, path: str) -> None:
        try:
            self._library = ctypes.CDLL(path)
        except OSError as error:
            raise OpusError(f"{path} cannot be loaded: {error}") from error
        for name, result, *arguments in _FUNCTIONS:
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments

    def __getattr__(self, name: str) -> ctypes._NamedFuncPointer:
        function: ctypes._NamedFuncPointer = getattr(self._library, name)
        return function


_FUNCTIONS = (
    ("opus_strerror", ctypes.c_char_p, ctypes.c_int),
    (
        "opus_decoder_create",
        ctypes.c_void_p,
        ctypes.c_int32,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_int),
    ),
    ("opus_decoder_destroy", None, ctypes.c_void_p),
    (
        "opus_decode",
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int32,
        _Int16Pointer,
        ctypes.c_int,
        ctypes.c_int,
    ),
    (
        "opus_encoder_create",
        ctypes.c_void_p,
        ctypes.c_int32,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_int),
    ),
    ("opus_encoder_destroy", None, ctypes.c_void_p),
    (
        "opus_encode",
        ctypes.c_int32,
        ctypes.c_void_p,
        _Int16Pointer,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int32,
    ),
    # Variadic: only what is always there may be declared, or ctypes passes the rest wrongly.
    ("opus_encoder_ctl", ctypes.c_int, ctypes.c_void_p, ctypes.c_int),
)


def load_opus() -> OpusLibrary:
    """Load libopus.

    Raises:
        OpusError: There is none.

    """
    return OpusLibrary(opus_path())


def opus_path() -> str:
    """Return where libopus is.

    Raises:
        OpusError: There is none.

    """
    package = Path(av.__file__).parent
    for folder in (package.parent / "av.libs", package / ".dylibs"):
        for path in sorted(folder.glob("*opus*")):
            return str(path)
    if installed := ctypes.util.find_library("opus"):
        return installed
    raise OpusError(
        "libopus was not found. Install PyAV from its wheel (pip install --force-reinstall av), or"
        " the system's package (libopus0, opus)"
    )


class OpusDecoder:
    """Decodes one speaker's packets, in order, to 16 kHz mono.

    Args:
        library: libopus.

    """

    def __init__(self, library: OpusLibrary) -> None:
        self._library = library
        self._buffer = np.empty(_LONGEST_FRAME, np.int16)
        self._pointer = self._buffer.ctypes.data_as(_Int16Pointer)
        failure = ctypes.c_int()
        self._state = library.opus_decoder_create(HEARING_RATE, 1, ctypes.byref(failure))
        if failure.value:
            raise OpusError(_reason(library, failure.value))

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            self._library.opus_decoder_destroy(state)

    def decode(self, packet: bytes) -> Samples:
        """Return the sound of a packet.

        Raises:
            OpusError: It is no Opus; :meth:`conceal` then.

        """
        if not packet:
            raise OpusError("an empty packet")
        return self._decode(packet, _LONGEST_FRAME, fec=0)

    def recover(self, following: bytes) -> Samples:
        """Return the sound of a lost packet as far as the one that follows it remembers it.

        Raises:
            OpusError: The following packet is no Opus.

        """
        return self._decode(following, HEARING_FRAME, fec=1)

    def conceal(self) -> Samples:
        """Return a guess at the sound of a lost packet."""
        return self._decode(None, HEARING_FRAME, fec=0)

    def _decode(self, packet: bytes | None, frame: int, *, fec: int) -> Samples:
        size = len(packet) if packet else 0
        count = self._library.opus_decode(self._state, packet, size, self._pointer, frame, fec)
        if count < 0:
            raise OpusError(_reason(self._library, count))
        return self._buffer[:count].copy()


class OpusEncoder:
    """Encodes one reply from 24 kHz mono to packets of 20 ms.

    Args:
        library: libopus.

    """

    def __init__(self, library: OpusLibrary) -> None:
        self._library = library
        self._packet = ctypes.create_string_buffer(_LARGEST_PACKET)
        failure = ctypes.c_int()
        self._state = library.opus_encoder_create(
            SPEECH_RATE, 1, _APPLICATION_AUDIO, ctypes.byref(failure)
        )
        if failure.value:
            raise OpusError(_reason(library, failure.value))
        self._set(_SET_BITRATE, _BITRATE)
        self._set(_SET_INBAND_FEC, 1)
        self._set(_SET_PACKET_LOSS, _EXPECTED_LOSS)
        self._set(_SET_SIGNAL, _SIGNAL_VOICE)

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            self._library.opus_encoder_destroy(state)

    def encode(self, samples: Samples) -> bytes:
        """Return the packet of the next :data:`SPEECH_FRAME` samples.

        Raises:
            OpusError: There are more or fewer.

        """
        if samples.shape != (SPEECH_FRAME,):
            raise OpusError(f"{samples.shape} samples are no frame of {SPEECH_FRAME}")
        frame = np.ascontiguousarray(samples, np.int16)
        pointer = frame.ctypes.data_as(_Int16Pointer)
        size = self._library.opus_encode(
            self._state, pointer, SPEECH_FRAME, self._packet, _LARGEST_PACKET
        )
        if size < 0:
            raise OpusError(_reason(self._library, size))
        return self._packet.raw[:size]

    def _set(self, option: int, value: int) -> None:
        self._library.opus_encoder_ctl(self._state, option, ctypes.c_int(value))


def _reason(library: OpusLibrary, code: int) -> str:
    reason: bytes = library.opus_strerror(code)
    return reason.decode("ascii", "replace")
