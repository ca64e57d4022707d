"""How much of a long answer is spoken: its beginning, and the question at its end."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_SPEECH = 700
"""Characters of an answer that are spoken: about 45 seconds."""

SLACK = 250
"""Characters by which an answer may be longer and is still spoken whole."""


@dataclass(frozen=True, slots=True)
class SpokenPiece:
    """One piece of a reply, a sentence or a part of one."""

    text: str
    """What the voice is given."""

    written: str
    """The same words with numbers and names as the agent wrote them, without markup."""

    language: str
    """ISO 639-1 code of the language it is in."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What remains to be spoken at the end of an answer."""

    pieces: tuple[SpokenPiece, ...] = ()
    """All the rest, or the question at the very end."""

    is_cut: bool = False
    """Whether something before them is not spoken."""


class Gist:
    """Lets the beginning of an answer through and holds what goes beyond.

    What is held is spoken after all when it is little. Else it is dropped, but
    for a question to the listener at the very end.

    Args:
        longest: Characters that are spoken at once; ``None`` when all is spoken.

    """

    def __init__(self, longest: int | None) -> None:
        self._longest = longest
        self._length = 0
        self._held: list[SpokenPiece] = []

    def push(self, piece: SpokenPiece) -> SpokenPiece | None:
        """Take in a piece; returns it when it is spoken now."""
        is_first = not self._length
        self._length += len(piece.text)
        fits = self._longest is None or self._length <= self._longest
        if is_first or (fits and not self._held):
            return piece
        self._held.append(piece)
        return None

    def flush(self) -> Ending:
        """End the answer."""
        if self._longest is None or self._length <= self._longest + SLACK:
            return Ending(tuple(self._held))
        last = self._held[-1:]
        is_question = bool(last) and last[0].text.endswith(("?", "\uff1f"))
        return Ending(tuple(last) if is_question else (), is_cut=bool(last))
