"""Sans-I/O: mu-law and A-law, the sound of the telephone network (ITU-T G.711).

Both are tables: one byte is one sample. G.711 codes 14 (mu-law) or 13 (A-law) bits, so the lowest
bits of 16-bit PCM are dropped first. Magnitudes lie in eight segments of sixteen steps; from one
segment to the next the steps double.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.audio import Samples

PHONE_RATE: Final = 8_000
"""Hertz, mono: the only rate of G.711, and of a phone call."""

ULAW_SILENCE: Final = b"\xff"
"""One mu-law sample of silence."""

ALAW_SILENCE: Final = b"\xd5"
"""One A-law sample of silence."""

_Codes = npt.NDArray[np.uint8]

_POSITION = np.arange(128)
_SEGMENT, _STEP = _POSITION >> 4, _POSITION & 15
_PCM = np.arange(-32768, 32768)


def decode_ulaw(data: bytes) -> Samples:
    """Return the PCM of mu-law bytes, at :data:`PHONE_RATE`."""
    return _FROM_ULAW[np.frombuffer(data, np.uint8)]


def encode_ulaw(samples: Samples) -> bytes:
    """Return mu-law bytes for PCM at :data:`PHONE_RATE`."""
    return _TO_ULAW[samples.view(np.uint16)].tobytes()


def decode_alaw(data: bytes) -> Samples:
    """Return the PCM of A-law bytes, at :data:`PHONE_RATE`."""
    return _FROM_ALAW[np.frombuffer(data, np.uint8)]


def encode_alaw(samples: Samples) -> bytes:
    """Return A-law bytes for PCM at :data:`PHONE_RATE`."""
    return _TO_ALAW[samples.view(np.uint16)].tobytes()


def _decoding(positive: _Codes, values: npt.NDArray[np.int64]) -> Samples:
    """Return PCM by code; the negative code differs from the positive in its highest bit."""
    table = np.empty(256, np.int16)
    table[positive] = values
    table[positive ^ 0x80] = -values
    return table


def _encoding(positive: _Codes, position: npt.NDArray[np.int64], *, bits: int) -> _Codes:
    """Return codes by PCM, as an unsigned index; ``position`` is by magnitude."""
    kept = _PCM >> (16 - bits)
    magnitude = np.minimum(np.where(kept < 0, _negated(kept, bits), kept), len(position) - 1)
    codes = positive[position[magnitude]] ^ np.where(kept < 0, 0x80, 0).astype(np.uint8)
    table = np.empty(1 << 16, np.uint8)
    table[_PCM.astype(np.int16).view(np.uint16)] = codes
    return table


def _negated(kept: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.int64]:
    # A-law has no zero: its smallest magnitudes, 0..1 and -1..-2, are mirrored between the numbers.
    return -kept if bits == _ULAW_BITS else -kept - 1


_ULAW_BITS, _ALAW_BITS = 14, 13

# G.711 tables 2a and 2b: decision values and the values between them, in units of 14 bits.
_ULAW_DECISIONS = ((16 + _STEP) << (_SEGMENT + 1)) - 33
_ULAW_VALUES = ((33 + 2 * _STEP) << _SEGMENT) - 33
_ULAW_CODES = (0xFF - _POSITION).astype(np.uint8)

# G.711 tables 1a and 1b, in units of 13 bits; the two lowest segments have the same steps.
_ALAW_DECISIONS = np.where(_SEGMENT == 0, 2 * _STEP, (16 + _STEP) << _SEGMENT)
_ALAW_VALUES = np.where(_SEGMENT == 0, 2 * _STEP + 1, ((33 + 2 * _STEP) << _SEGMENT) >> 1)
_ALAW_CODES = ((_POSITION | 0x80) ^ 0x55).astype(np.uint8)


def _positions(decisions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the position of every magnitude up to the last decision value."""
    return np.searchsorted(decisions, np.arange(decisions[-1] + 1), side="right") - 1


_FROM_ULAW = _decoding(_ULAW_CODES, _ULAW_VALUES << 16 - _ULAW_BITS)
_TO_ULAW = _encoding(_ULAW_CODES, _positions(_ULAW_DECISIONS), bits=_ULAW_BITS)
_FROM_ALAW = _decoding(_ALAW_CODES, _ALAW_VALUES << 16 - _ALAW_BITS)
_TO_ALAW = _encoding(_ALAW_CODES, _positions(_ALAW_DECISIONS), bits=_ALAW_BITS)
