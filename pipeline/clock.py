"""The conversation's clock: real time, or the time of the audio itself.

A conversation reads the time, sets timers and sleeps on a :class:`Clock`, so
that the same code talks live, plays a file faster than real time
(``demo --fast``), and is tested with exact times.

Work that takes real time (a model in a thread, an HTTP request) is done inside
``with clock.work()``: on a live clock that changes nothing; on the audio clock
conversation time stands still until the work is done. A
:meth:`~Clock.stopwatch` measures what conversation time did not show, so that
latencies can count it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol


class Timer(Protocol):
    """A callback that has not been called yet."""

    def cancel(self) -> None:
        """Do not call it. Calling this late or twice is harmless."""


class Clock(Protocol):
    """Time as the conversation knows it, in seconds since it began."""

    def now(self) -> float:
        """Seconds since the conversation began."""

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` at ``at`` (soon, when that is past)."""

    async def sleep_until(self, at: float) -> None:
        """Sleep until ``at``. Cancelling is safe."""

    def work(self) -> AbstractContextManager[None]:
        """Do work that takes real time; see the module's text."""

    def stopwatch(self) -> Callable[[], float]:
        """Begin to measure work.

        Returns:
            A function that tells the seconds since, less the conversation time
            that passed: what the clock did not show. 0 on a live clock.

        """


async def _sleep(clock: Clock, at: float) -> None:
    woken = asyncio.Event()
    timer = clock.call_at(at, woken.set)
    try:
        await woken.wait()
    finally:
        timer.cancel()


class LoopClock:
    """Real time, on the running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()

    def now(self) -> float:
        """Seconds since this clock was made."""
        return self._loop.time() - self._origin

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` at ``at``."""
        return self._loop.call_at(self._origin + at, callback)

    async def sleep_until(self, at: float) -> None:
        """Sleep until ``at``. Cancelling is safe."""
        await _sleep(self, at)

    def work(self) -> AbstractContextManager[None]:
        """Time passes by itself while work is done."""
        return nullcontext()

    def stopwatch(self) -> Callable[[], float]:
        """Nothing is hidden from a live clock."""
        return lambda: 0.0


class _AudioTimer:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class AudioClock:
    """The time of the audio: jumps to the next timer as soon as nothing is left to do.

    Lives on an :class:`AudioTimeLoop`, which alone knows when every task is
    waiting. The event loop's own clock stays real, so time limits on network
    requests keep their meaning.
    """

    def __init__(self, loop: AudioTimeLoop, *, measure: bool) -> None:
        self._loop = loop
        self._measure = measure
        self._now = 0.0
        self._working = 0
        self._timers: list[tuple[float, int, _AudioTimer]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Seconds since the conversation began."""
        return self._now

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` at ``at``; timers of one instant run in the order they were set."""
        timer = _AudioTimer(callback)
        heapq.heappush(self._timers, (max(at, self._now), next(self._order), timer))
        return timer

    async def sleep_until(self, at: float) -> None:
        """Sleep until ``at``. Cancelling is safe."""
        await _sleep(self, at)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Hold the time while work is done."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    def stopwatch(self) -> Callable[[], float]:
        """Measure work on the event loop's own, real clock."""
        if not self._measure:
            return lambda: 0.0
        began, now = self._loop.time(), self._now
        return lambda: max(0.0, self._loop.time() - began - (self._now - now))

    def advance(self) -> bool:
        """Jump to the next timer and schedule its callback.

        Returns:
            Whether there was one to jump to; not while work is being done.

        """
        while not self._working and self._timers:
            at, _, timer = heapq.heappop(self._timers)
            if timer.callback is None:
                continue
            self._now = at
            self._loop.call_soon(timer.callback)
            return True
        return False


class _IdleSelector(selectors.DefaultSelector):
    """A selector that moves the audio clock when the loop has nothing to run."""

    clock: AudioClock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        """Wait for I/O, unless conversation time can move instead."""
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if ready or self.clock.advance():
            return ready
        return super().select(timeout)


class AudioTimeLoop(asyncio.SelectorEventLoop):
    """The event loop of an :class:`AudioClock`. Pass it to ``asyncio.Runner(loop_factory=…)``.

    Args:
        measure: Whether stopwatches measure work; off gives the same figures every time.

    """

    def __init__(self, *, measure: bool = True) -> None:
        selector = _IdleSelector()
        super().__init__(selector)
        self.clock = AudioClock(self, measure=measure)
        selector.clock = self.clock
