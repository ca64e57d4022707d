"""Turns that wait for their reply: one is answered at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

TURNS_WAITING = 8
"""Turns that may wait for their reply; beyond it the oldest that waits is given up."""


@dataclass(slots=True, eq=False)
class Place:
    """A turn's place in the line."""

    waits: bool = False
    given_up: bool = False
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class WaitingLine:
    """Turns in the order in which they ended; the first of them may be answered.

    A turn that is taken back and ends again has a new place: the answer that was
    begun from the old one may still be on its way out.
    """

    def __init__(self) -> None:
        self._places: deque[Place] = deque()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is being answered or waits to be."""
        return not self._places

    def join(self) -> Place:
        """Stand at the end."""
        place = Place()
        self._places.append(place)
        return place

    def leave(self, place: Place) -> None:
        """Give a place up; harmless twice."""
        if place in self._places:
            self._places.remove(place)
        if self._places:
            self._places[0].moved.set()

    async def wait(self, place: Place) -> bool:
        """Wait to be first. Cancelling is safe; the place stays.

        Returns:
            Whether it is the turn's time; ``False`` when too many came to wait behind it, or the
            place was given up before.

        """
        if place not in self._places:
            return False
        if place is self._places[0]:
            return True
        place.waits = True
        waiting = [other for other in self._places if other.waits and not other.moved.is_set()]
        if len(waiting) > TURNS_WAITING:
            waiting[0].given_up = True
            waiting[0].moved.set()
        await place.moved.wait()
        place.waits = False
        return not place.given_up
