"""Sans-I/O: keys that the caller presses, as the model is told of them."""

from __future__ import annotations

from typing import Final

PAUSE: Final = 1.5
"""Seconds after a key in which another belongs to it."""


class Keys:
    """Keys pressed one after the other."""

    def __init__(self) -> None:
        self._digits = ""
        self._due: float | None = None

    def press(self, digit: str, now: float) -> None:
        """Take in a key; ``#`` ends a row of them."""
        self._digits += digit
        self._due = now if digit == "#" else now + PAUSE

    def take(self, now: float) -> str:
        """Take out a row of keys once it is complete, else ""."""
        if self._due is None or now < self._due:
            return ""
        digits, self._digits, self._due = self._digits, "", None
        return digits

    def deadline(self) -> float | None:
        """Return when to :meth:`take`."""
        return self._due
