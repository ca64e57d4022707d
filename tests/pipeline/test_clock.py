"""The audio clock jumps when nothing is left to do, and stands still for work."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from pipeline.clock import AudioClock, AudioTimeLoop, LoopClock


def run(main: Coroutine[Any, Any, None], *, measure: bool = False) -> None:
    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=measure)) as runner:
        runner.run(main)


def clock() -> AudioClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AudioTimeLoop)
    return loop.clock


def test_hours_pass_in_no_time():
    async def main() -> None:
        began = asyncio.get_running_loop().time()
        await clock().sleep_until(3 * 3600.0)
        assert clock().now() == 3 * 3600.0
        assert asyncio.get_running_loop().time() - began < 5.0

    run(main())


def test_sleepers_wake_in_order_each_at_its_time():
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, *times: float) -> None:
        for at in times:
            await clock().sleep_until(at)
            woken.append((name, clock().now()))

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sleep("ann", 1.0, 2.0, 4.0))
            tasks.create_task(sleep("ben", 1.5, 2.0, 3.0))

    run(main())
    assert woken == [
        ("ann", 1.0),
        ("ben", 1.5),
        ("ann", 2.0),
        ("ben", 2.0),
        ("ben", 3.0),
        ("ann", 4.0),
    ]


def test_time_stands_still_while_work_is_done():
    async def main() -> None:
        done = asyncio.Event()
        fired: list[float] = []
        clock().call_at(1.0, lambda: fired.append(clock().now()))

        def work() -> None:
            loop.call_soon_threadsafe(done.set)

        loop = asyncio.get_running_loop()
        with clock().work():
            await loop.run_in_executor(None, work)
            await done.wait()
            assert clock().now() == 0.0
            assert fired == []
        await clock().sleep_until(2.0)
        assert fired == [1.0]

    run(main())


def test_nested_work_holds_until_the_last_is_done():
    async def main() -> None:
        fired: list[float] = []
        clock().call_at(1.0, lambda: fired.append(1.0))
        with clock().work():
            with clock().work():
                pass
            await asyncio.sleep(0.001)
            assert fired == []

    run(main())


def test_a_stopwatch_tells_what_the_clock_did_not_show():
    async def main() -> None:
        worked = clock().stopwatch()
        with clock().work():
            await asyncio.sleep(0.02)
        assert worked() >= 0.019
        await clock().sleep_until(10.0)
        assert worked() == 0.0

    run(main(), measure=True)


def test_a_cancelled_timer_is_never_called_and_the_past_is_soon():
    async def main() -> None:
        fired: list[str] = []
        timer = clock().call_at(1.0, lambda: fired.append("cancelled"))
        timer.cancel()
        timer.cancel()
        await clock().sleep_until(2.0)
        clock().call_at(0.5, lambda: fired.append("late"))
        await clock().sleep_until(2.0)
        assert fired == ["late"]
        assert clock().now() == 2.0

    run(main())


def test_cancelling_a_sleep_leaves_no_timer():
    async def main() -> None:
        task = asyncio.create_task(clock().sleep_until(5.0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not clock().advance()

    run(main())


def test_real_time_limits_keep_their_meaning_while_time_is_held():
    async def main() -> None:
        with clock().work(), pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()

    run(main())


def test_the_live_clock_counts_from_its_beginning():
    async def main() -> None:
        live = LoopClock()
        fired = asyncio.Event()
        live.call_at(0.001, fired.set)
        await fired.wait()
        assert 0.0005 < live.now() < 5.0
        with live.work():
            assert live.stopwatch()() == 0.0
        await live.sleep_until(0.002)

    asyncio.run(main())
