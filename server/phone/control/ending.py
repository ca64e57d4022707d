"""Waiting for the end of a call."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from server.phone.live.call import LiveCall
from server.phone.live.events import CallEvents, CallNews, CallOver

LAST_ROWS = 10.0
"""Seconds more to wait for a call that has ended, and whose record is not whole yet."""


class CallEnd:
    """Waits until a call is over and its record whole.

    Args:
        call: The call.
        events: Tell what happens in calls.

    """

    def __init__(self, call: LiveCall, events: CallEvents) -> None:
        self._call = call
        self._events = events
        self._over = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait so long at most, and a little longer when the end has come already."""
        with self._events.watched_by(self._watch):
            await self._wait(seconds)
            if self._call.record.status.is_final:
                await self._wait(LAST_ROWS)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def _watch(self, news: CallNews) -> None:
        if news.record.id == self._call.record.id and isinstance(news.event, CallOver):
            self._over.set()
