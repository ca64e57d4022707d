"""One turn is answered at a time, in the order in which they ended."""

from __future__ import annotations

import asyncio

from pipeline.waiting_line import TURNS_WAITING, WaitingLine


def test_the_first_need_not_wait_and_the_next_is_told():
    async def main() -> None:
        line = WaitingLine()
        assert line.is_empty
        first, second = line.join(), line.join()
        assert not line.is_empty
        assert await line.wait(first)
        waiting = asyncio.create_task(line.wait(second))
        await asyncio.sleep(0)
        assert not waiting.done()
        line.leave(first)
        line.leave(first)
        assert await waiting
        line.leave(second)
        assert line.is_empty

    asyncio.run(main())


def test_who_leaves_from_the_middle_lets_nobody_by():
    async def main() -> None:
        line = WaitingLine()
        _, second, third = line.join(), line.join(), line.join()
        waiting = asyncio.create_task(line.wait(third))
        await asyncio.sleep(0)
        line.leave(second)
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()

    asyncio.run(main())


def test_when_too_many_wait_the_oldest_is_given_up():
    async def main() -> None:
        line = WaitingLine()
        line.join()
        places = [line.join() for _ in range(TURNS_WAITING + 1)]
        waits = [asyncio.create_task(line.wait(place)) for place in places]
        await asyncio.sleep(0)
        assert await waits[0] is False
        assert not any(wait.done() for wait in waits[1:])
        for wait in waits:
            wait.cancel()

    asyncio.run(main())


def test_for_who_has_left_it_is_never_time():
    async def main() -> None:
        line = WaitingLine()
        gone = line.join()
        line.leave(gone)
        assert await line.wait(gone) is False
        line.join()
        assert await line.wait(gone) is False

    asyncio.run(main())
