"""Work in a thread that the program does not wait for when it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")


async def in_abandonable_thread(work: Callable[[], Result]) -> Result:
    """Run ``work`` in a daemon thread and return what it returns, or raise what it raises.

    For work that cannot be interrupted and may take minutes, such as a download: an executor's
    threads would be joined at the program's end.

    Cancelling abandons the thread: it goes on until its work, or the program, is over.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def settle(with_outcome: Callable[[], None]) -> None:
        if not outcome.done():  # else it was cancelled
            with_outcome()

    def run() -> None:
        with_outcome: Callable[[], None]
        try:
            with_outcome = partial(outcome.set_result, work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is awaited
            with_outcome = partial(outcome.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, with_outcome)

    threading.Thread(target=run, name=getattr(work, "__name__", "work"), daemon=True).start()
    return await outcome
