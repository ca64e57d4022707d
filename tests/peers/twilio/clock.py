"""Time on the line: that of the event loop, or faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate


class LineClock:
    """Seconds of the telephone network; at speed 8 eight of them pass in one."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._started_wall = time.time()

    def now(self) -> float:
        return (self._loop.time() - self._started_at) * self.speed

    def date(self, at: float | None = None) -> str:
        """Return an instant as Twilio writes it."""
        return formatdate(self._started_wall + (self.now() if at is None else at))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.now()) / self.speed)

    def call_later(
        self, seconds: float, callback: Callable[[str], None], argument: str
    ) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds / self.speed, callback, argument)
