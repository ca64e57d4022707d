"""What of a reply was really played."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pipeline.word_times import WordTimes


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

    def heard(self, number: int, times: WordTimes | None = None) -> str:
        """Return the words of a piece that were really heard.

        Args:
            number: The piece.
            times: When its words are said; judged by a usual pace of speech when not given.

        """
        piece = self._pieces.get(number)
        if piece is None or piece.played <= 0.0:
            return ""
        said = (times or WordTimes()).said(piece.text, piece.played)
        return " ".join(piece.text[:said].split())

    def forget(self, number: int) -> None:
        """Drop the account of a piece, once its turn was recorded."""
        self._pieces.pop(number, None)
