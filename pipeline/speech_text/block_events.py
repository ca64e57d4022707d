"""What a reader of blocks finds in a reply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class LeftOut(Enum):
    """What is seen and not spoken."""

    CODE = auto()
    TEXT = auto()
    """A draft or the like between fences."""
    DIAGRAM = auto()
    DATA = auto()
    TABLE = auto()
    FORMULA = auto()
    PICTURE = auto()
    LINK = auto()
    SPOILER = auto()
    TIME = auto()
    """A time that every reader sees in their own zone."""
    REST = auto()
    """Of an answer too long to be spoken."""


class BlockEnd(Enum):
    """What is over, and with it the sentence."""

    PARAGRAPH = auto()
    ITEM = auto()
    """A list item, heading or note: it is over although no full stop says so."""
    TAKEN_BACK = auto()
    """It was the heading of a table, which follows."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, all of it."""

    rows: tuple[tuple[str, ...], ...]
    """Cells as inline markdown; the first row is the heading."""


BlockEvent = str | BlockEnd | LeftOut | Table
"""Inline markdown of the current block, or what became of a block."""
