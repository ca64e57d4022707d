"""Signs that stand in plain text for what has no words yet, because the language decides them.

They are characters of Unicode's private use area, which no agent's reply keeps.
"""

from __future__ import annotations

LINK = "\ue001"
"""An address that was written out."""

CODE = "\ue002"
"""Inline code that is more than a name."""

FORMULA = "\ue003"
"""An inline formula that is more than letters and signs."""

NAME, NAME_END = "\ue004", "\ue005"
"""Around inline code that is a name, a command or a path."""

CHANNEL = "\ue00b"
"""One of the chat's channels, of which only a number is known."""

DATA = "\ue00d"
"""Data in a sentence."""

SPOILER = "\ue00e"
"""What the agent has hidden from those who only look."""

NUMBER = "\ue00c"
"""Before the number of a list item."""

SOON, AGO = "\ue00f", "\ue010"
"""Before a length of time: in two hours, or two hours ago."""

YES, NO = "\ue006", "\ue007"
"""A tick and a cross where they are the message."""

DONE, OPEN = "\ue008", "\ue009"
"""At the head of a task: whether it is done."""

NOTE = "\ue00a"
"""At the head of a footnote."""

_FIRST, _LAST = "\ue000", "\uf8ff"


def is_mark(character: str) -> bool:
    """Whether a character is of the private use area."""
    return _FIRST <= character <= _LAST


def without_marks(text: str) -> str:
    """Return the text without marks."""
    return "".join(character for character in text if not is_mark(character))
