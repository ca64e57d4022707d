from __future__ import annotations

import asyncio
import threading

import pytest

from server.threads import in_abandonable_thread


def test_the_result_comes_back() -> None:
    assert asyncio.run(in_abandonable_thread(lambda: 7)) == 7


def test_what_the_work_raises_is_raised() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(in_abandonable_thread(fail))


def test_cancelling_does_not_wait_for_the_work() -> None:
    release = threading.Event()

    async def run() -> None:
        async with asyncio.timeout(0.05):
            await in_abandonable_thread(release.wait)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    release.set()
