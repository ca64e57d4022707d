"""Steps that follow one another add up, also where the clock stands still for work."""

import asyncio

import pytest

from pipeline.clock import AudioTimeLoop
from pipeline.speaking import _Step
from pipeline.timeline import Stage, Timeline


def test_a_wait_comes_on_top_of_the_work_before_it():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, AudioTimeLoop)
        clock = loop.clock
        timeline = Timeline()
        timeline.restart(0.0)
        timeline.reach(Stage.TRANSCRIPT, 0.2)
        step = _Step(timeline, clock)
        await clock.sleep_until(0.3)
        step.reach(Stage.FIRST_TEXT)
        await clock.sleep_until(0.35)
        step.end_work()
        step.reach(Stage.FIRST_AUDIO)
        latency = timeline.latency_ms()
        assert latency["gateway"] == pytest.approx(300, abs=1)
        assert latency["tts"] == pytest.approx(50, abs=1)
        assert latency["total"] == pytest.approx(550, abs=2)

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(main())


def test_a_wait_for_others_absorbs_work_done_meanwhile():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, AudioTimeLoop)
        clock = loop.clock
        timeline = Timeline()
        timeline.restart(0.0)
        timeline.reach(Stage.TRANSCRIPT, 0.2)
        step = _Step(timeline, clock)
        await clock.sleep_until(0.1)
        step.reach(Stage.FIRST_TEXT)
        step.end_work()
        await clock.sleep_until(1.0)
        step.reach(Stage.FIRST_AUDIO)
        assert timeline.latency_ms()["gateway"] == 100
        assert timeline.latency_ms()["total"] == 1000

    with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
        runner.run(main())


def test_work_in_a_step_is_measured():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, AudioTimeLoop)
        clock = loop.clock
        timeline = Timeline()
        timeline.restart(0.0)
        step = _Step(timeline, clock)
        with clock.work():
            await asyncio.sleep(0.03)
        step.reach(Stage.FIRST_TEXT)
        gateway = timeline.latency_ms()["gateway"]
        assert gateway is not None
        assert 29 <= gateway < 1000

    with asyncio.Runner(loop_factory=AudioTimeLoop) as runner:
        runner.run(main())
