"""Which utterance is transcribed next, and which gives way when there are too many.

Transcription starts before a turn is known to be over, so much of the work is
done on a chance. When it piles up, the chances are dropped first: somebody waits
for the words of a committed turn, nobody yet for those of a speculative one.
"""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar


class Standing(Enum):
    """Where an utterance stands."""

    SPECULATIVE = "speculative"
    """It waits, and its turn may not be over."""

    COMMITTED = "committed"
    """It waits, and its turn is over."""

    SHED = "shed"
    """It gave way to others; committing it queues it again."""

    TAKEN = "taken"
    """A worker has it."""

    CANCELLED = "cancelled"
    """Nobody needs it any more."""


class Queued:
    """Base of what goes through the queue."""

    def __init__(self) -> None:
        self.standing = Standing.SPECULATIVE
        """Changed by the queue only."""


Item = TypeVar("Item", bound=Queued)


class TranscriptionQueue(Generic[Item]):
    """Committed before speculative, otherwise first come, first served.

    Args:
        bound: How many may wait.

    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        # Ordered sets.
        self._committed: dict[Item, None] = {}
        self._speculative: dict[Item, None] = {}

    def __len__(self) -> int:
        return len(self._committed) + len(self._speculative)

    def add(self, item: Item) -> None:
        """Queue a speculative item; the oldest speculative one gives way when all is full.

        With nothing but committed ones waiting, that is the new one itself.
        """
        self._speculative[item] = None
        if len(self) > self._bound:
            self._shed_oldest()

    def commit(self, item: Item) -> bool:
        """Move an item before the speculative ones, wherever it was.

        Returns:
            False when it had been shed and only committed ones wait: too much to do.
            It stays shed.

        """
        match item.standing:
            case Standing.SPECULATIVE:
                del self._speculative[item]
            case Standing.SHED:
                if len(self._committed) >= self._bound:
                    return False
            case Standing.COMMITTED | Standing.TAKEN | Standing.CANCELLED:
                return True
        self._committed[item] = None
        item.standing = Standing.COMMITTED
        if len(self) > self._bound:
            self._shed_oldest()
        return True

    def cancel(self, item: Item) -> None:
        """Forget an item. Harmless late or twice."""
        self._committed.pop(item, None)
        self._speculative.pop(item, None)
        item.standing = Standing.CANCELLED

    def take(self) -> Item | None:
        """Give the next item to a worker; ``None`` when nothing waits."""
        waiting = self._committed or self._speculative
        if not waiting:
            return None
        item = next(iter(waiting))
        del waiting[item]
        item.standing = Standing.TAKEN
        return item

    def clear(self) -> list[Item]:
        """Cancel everything that waits, and return it."""
        items = [*self._committed, *self._speculative]
        for item in items:
            self.cancel(item)
        return items

    def _shed_oldest(self) -> None:
        oldest = next(iter(self._speculative))
        del self._speculative[oldest]
        oldest.standing = Standing.SHED
