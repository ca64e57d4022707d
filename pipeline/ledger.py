"""What of a reply was really played."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class _Piece:
    number: int
    text: str
    queued: float = 0.0
    played: float = 0.0


class PlaybackLedger:
    """Keeps account of one transport's playback, piece by piece.

    Every transport owns one and tells it what was really heard: a 20 ms frame
    taken by Discord, a mark that came back from the phone, a span of
    conversation time. Sans I/O: it is told, it never asks.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, _Piece] = {}
        self._waiting: deque[tuple[int, float]] = deque()
        self.played = 0.0
        """Seconds of audio that were heard in all."""

    def queue(self, number: int, text: str, seconds: float) -> None:
        """Take in that audio of a piece was handed to the transport.

        Args:
            number: Which piece of speech it belongs to; grows over a conversation.
            text: The words of the whole piece.
            seconds: How much more audio of it was queued.

        """
        piece = self._pieces.setdefault(number, _Piece(number, text))
        piece.queued += seconds
        self._waiting.append((number, seconds))

    def play(self, seconds: float) -> None:
        """Take in that so much of what is queued, first in first out, was heard."""
        while self._waiting and seconds > 0.0:
            number, rest = self._waiting.popleft()
            taken = min(rest, seconds)
            self.played += taken
            if (piece := self._pieces.get(number)) is not None:
                piece.played += taken
            seconds -= taken
            if rest > taken:
                self._waiting.appendleft((number, rest - taken))

    def drop(self) -> None:
        """Take in that everything still queued was thrown away unheard."""
        self._waiting.clear()

    @property
    def seconds_waiting(self) -> float:
        """Audio queued and not heard yet."""
        return sum(seconds for _, seconds in self._waiting)

    def seconds_played(self, number: int) -> float:
        """How much of a piece was heard."""
        piece = self._pieces.get(number)
        return piece.played if piece else 0.0

    def heard(self, number: int, *, total: float | None = None) -> str:
        """Return the words of a piece that were really heard.

        Args:
            number: The piece.
            total: Seconds that all of its words take; ``None`` while that is not known,
                then the words are judged by a usual pace of speech.

        """
        piece = self._pieces.get(number)
        if piece is None or piece.played <= 0.0:
            return ""
        words = piece.text.split()
        if total is None:
            total = max(piece.queued, len(words) * _SECONDS_PER_WORD)
        # A word counts once most of it was heard.
        return " ".join(words[: round(min(1.0, piece.played / total) * len(words))])

    def forget(self, number: int) -> None:
        """Drop the account of a piece, once its turn was recorded."""
        self._pieces.pop(number, None)


_SECONDS_PER_WORD = 0.38  # English at 160 words a minute, the offline voice's pace
