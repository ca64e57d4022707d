from __future__ import annotations

import asyncio

import numpy as np

from discord_bot.transport import FRAMES_WAITING, EventQueue
from pipeline.audio import AudioFrame
from pipeline.interfaces import ParticipantLeft

LEFT = ParticipantLeft("ann", 1.0)


def frame(number: int) -> AudioFrame:
    return AudioFrame("ann", np.zeros(320, np.int16), number * 0.02)


def test_what_was_heard_comes_out_in_order_until_it_closes() -> None:
    async def main() -> None:
        queue, found = EventQueue(), []
        queue.put(frame(0))

        async def listen() -> None:
            found.extend([event async for event in queue.take()])

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        queue.put(frame(1))
        queue.put(LEFT)
        await asyncio.sleep(0)
        queue.close()
        queue.put(frame(2))
        await listening
        assert [one if one is LEFT else one.at for one in found] == [0.0, 0.02, LEFT]

    asyncio.run(main())


def test_slow_conversation_loses_the_oldest_frames_and_nobodys_leaving() -> None:
    async def main() -> None:
        queue = EventQueue()
        queue.put(LEFT)
        for number in range(FRAMES_WAITING + 10):
            queue.put(frame(number))
        events = queue.take()
        assert await anext(events) is LEFT
        first = await anext(events)
        assert isinstance(first, AudioFrame)
        assert queue.dropped == 11
        assert first.at == frame(11).at
        await events.aclose()  # type: ignore[attr-defined] # it is a generator

    asyncio.run(main())
