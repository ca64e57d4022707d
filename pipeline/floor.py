"""What answers need to know of the conversation that they belong to."""

from __future__ import annotations

from typing import Protocol

from pipeline.cast import Cast
from pipeline.turn_actions import Span
from pipeline.understanding import Understood


class Floor(Protocol):
    """The conversation that the answers belong to."""

    name: str
    cast: Cast

    def understood(self, span: Span, understood: Understood) -> None:
        """Take in what somebody says, whether or not their turn is over."""

    def reply_started(self, span: Span) -> None:
        """Take in that the first sample of a turn's reply is on its way out."""

    def turn_done(self, number: int, *, asked: bool = False) -> None:
        """Take in that a turn was recorded, or needs no record.

        Args:
            number: The turn.
            asked: Whether its reply ended in a question.

        """

    def turn_id(self, number: int) -> str:
        """Return the record's id of a turn."""

    async def wait_free(self, speaker: str, asked: float) -> None:
        """Wait until nobody else talks or answers, or for as long as that is polite.

        Args:
            speaker: Who asked.
            asked: Seconds; the end of the question.

        """
