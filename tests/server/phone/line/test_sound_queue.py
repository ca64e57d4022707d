"""Sound that waits for a slow engine."""

from __future__ import annotations

import asyncio

from server.phone.line.sound_queue import PIECES_WAITING, SoundQueue


def test_a_slow_engine_loses_the_oldest() -> None:
    queue = SoundQueue[int]()
    for number in range(PIECES_WAITING + 5):
        queue.put(number)

    async def first() -> int:
        return await anext(aiter(queue.take()))

    assert asyncio.run(first()) == 5


def test_after_it_was_closed_nothing_comes_out() -> None:
    async def main() -> list[int]:
        queue = SoundQueue[int]()
        queue.put(1)
        queue.close()
        queue.put(2)
        return [one async for one in queue.take()]

    assert asyncio.run(main()) == []


def test_what_was_dropped_is_heard_by_nobody_and_what_follows_is() -> None:
    queue = SoundQueue[int]()
    queue.put(1)
    queue.clear()
    queue.put(2)

    async def first() -> int:
        return await anext(aiter(queue.take()))

    assert asyncio.run(first()) == 2
