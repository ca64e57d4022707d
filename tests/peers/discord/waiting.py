"""Waiting for what has no event of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

GUARD = 20.0
"""Seconds after which a test that hangs is given up."""


async def until(condition: Callable[[], T], *, guard: float = GUARD) -> T:
    """Wait until a condition holds; returns what it gave.

    Raises:
        TimeoutError: It did not come true.

    """
    async with asyncio.timeout(guard):
        while not (value := condition()):  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)
    return value
