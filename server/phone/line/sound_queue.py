"""Sound on its way to whom it is for, the newest rather than all of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar

PIECES_WAITING: Final = 200
"""Pieces of the caller's sound that may wait for the engine (4 s); beyond it the oldest go."""

Sound = TypeVar("Sound")


class SoundQueue(Generic[Sound]):
    """What the caller says, on its way to the engine. On the event loop only."""

    def __init__(self) -> None:
        self._pieces: deque[Sound] = deque(maxlen=PIECES_WAITING)
        self._news = asyncio.Event()
        self._closed = False

    def put(self, piece: Sound) -> None:
        """Take in what was heard."""
        if not self._closed:
            self._pieces.append(piece)
            self._news.set()

    async def take(self) -> AsyncIterator[Sound]:
        """Give everything out, until :meth:`close`. Cancelling is safe."""
        while not self._closed:
            while self._pieces:
                yield self._pieces.popleft()
            self._news.clear()
            if not self._closed:
                await self._news.wait()

    def clear(self) -> None:
        """Drop what waits."""
        self._pieces.clear()

    def close(self) -> None:
        """Take and give nothing more."""
        self._closed = True
        self._pieces.clear()
        self._news.set()
