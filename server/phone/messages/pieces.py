"""Sans-I/O: where a long recording is cut, so that a speech model can take it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.speech_gate import Voiced

LONGEST: Final = 20.0
"""Seconds of a piece at most: less than what the model takes, and short enough that live talk does
not wait long for the machine."""

ENOUGH: Final = 8.0
"""Seconds from which a piece ends at the next pause."""

PAUSE: Final = 0.35
"""Seconds of silence that are one."""


@dataclass(frozen=True, slots=True)
class SpeechPiece:
    """A part of a recording in which somebody speaks, in seconds from its beginning."""

    start: float
    end: float
    voiced: float
    """Seconds of speech in it."""


def cut_pieces(speech: Iterable[Voiced]) -> list[SpeechPiece]:
    """Return the pieces of a recording: cut at pauses, or in the middle of speech that has none.

    Args:
        speech: Windows in which somebody speaks, in order.

    """
    pieces: list[SpeechPiece] = []
    for window in speech:
        length = window.end - window.start
        last = pieces[-1] if pieces else None
        if last is None or _ends(last, window):
            pieces.append(SpeechPiece(window.start, window.end, length))
        else:
            pieces[-1] = SpeechPiece(last.start, window.end, last.voiced + length)
    return pieces


def _ends(piece: SpeechPiece, window: Voiced) -> bool:
    """Return whether a piece is over before the next window of speech."""
    if window.end - piece.start > LONGEST:
        return True
    return piece.end - piece.start >= ENOUGH and window.start - piece.end >= PAUSE
