from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import VAD_WINDOW, Samples
from pipeline.errors import VoiceActivityError
from pipeline.interfaces import VoiceActivityDetector, VoiceStream
from pipeline.vad import LARGEST_BATCH, SileroVad
from tests.pipeline.smart_turn_reference import signals

NEVER = 3600.0
HANG = 20.0


def made_up(speaker: int, count: int) -> list[Samples]:
    voice = np.roll(signals()["turn"], 997 * speaker)
    return [voice[at * VAD_WINDOW : (at + 1) * VAD_WINDOW] for at in range(count)]


async def score_all(stream: VoiceStream, windows: Sequence[Samples]) -> list[float]:
    return [await stream.score(window) for window in windows]


def undisturbed(vad: SileroVad, windows: Sequence[Samples]) -> list[float]:
    async def alone() -> list[float]:
        stream = vad.open()
        try:
            return await score_all(stream, windows)
        finally:
            stream.close()

    return asyncio.run(alone())


@pytest.fixture
def vad(silero_path: Path) -> Iterator[SileroVad]:
    vad = SileroVad(silero_path, gather=NEVER)
    yield vad
    vad.close()


def test_it_is_what_the_pipeline_asks_for(vad: SileroVad) -> None:
    detector: VoiceActivityDetector = vad
    assert undisturbed(vad, made_up(0, 1)) == [pytest.approx(0.5, abs=0.5)]
    assert detector is vad


def test_a_speaker_alone_waits_for_nobody(vad: SileroVad) -> None:
    async def talk() -> None:
        async with asyncio.timeout(HANG):
            await score_all(vad.open(), made_up(0, 3))

    asyncio.run(talk())


@pytest.mark.parametrize("speakers", [2, 9, LARGEST_BATCH + 5])
def test_when_everyone_is_there_nobody_waits_and_each_gets_their_own_scores(
    vad: SileroVad, speakers: int
) -> None:
    async def talk() -> list[list[float]]:
        streams = [vad.open() for _ in range(speakers)]
        async with asyncio.timeout(HANG), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(score_all(stream, made_up(speaker, 6)))
                for speaker, stream in enumerate(streams)
            ]
        for stream in streams:
            stream.close()
        return [task.result() for task in tasks]

    for speaker, scores in enumerate(asyncio.run(talk())):
        assert scores == pytest.approx(undisturbed(vad, made_up(speaker, 6)), abs=1e-5)


@pytest.mark.parametrize("gather", [0.0, 0.001])
def test_a_silent_speaker_does_not_hold_up_the_others(silero_path: Path, gather: float) -> None:
    async def talk(vad: SileroVad) -> list[float]:
        vad.open()
        async with asyncio.timeout(HANG):
            return await score_all(vad.open(), made_up(1, 3))

    vad = SileroVad(silero_path, gather=gather)
    scores = asyncio.run(talk(vad))
    vad.close()
    single = SileroVad(silero_path)
    assert scores == pytest.approx(undisturbed(single, made_up(1, 3)), abs=1e-5)
    single.close()


def test_windows_of_one_speaker_that_come_together_are_scored_in_their_order(
    vad: SileroVad,
) -> None:
    async def talk() -> list[float]:
        stream = vad.open()
        async with asyncio.timeout(HANG), asyncio.TaskGroup() as group:
            tasks = [group.create_task(stream.score(window)) for window in made_up(2, 8)]
        stream.close()
        return [task.result() for task in tasks]

    assert asyncio.run(talk()) == pytest.approx(undisturbed(vad, made_up(2, 8)), abs=1e-6)


def test_a_window_whose_score_nobody_waits_for_is_heard_all_the_same(vad: SileroVad) -> None:
    async def talk() -> list[float]:
        stream = vad.open()
        windows = made_up(2, 8)
        async with asyncio.timeout(HANG):
            before = await score_all(stream, windows[:4])
            dropped = asyncio.create_task(stream.score(windows[4]))
            await asyncio.sleep(0)
            dropped.cancel()
            after = await score_all(stream, windows[5:])
        stream.close()
        return before + after

    expected = undisturbed(vad, made_up(2, 8))
    assert asyncio.run(talk()) == pytest.approx(expected[:4] + expected[5:], abs=1e-6)


def test_after_a_reset_a_speaker_is_heard_as_if_new(vad: SileroVad) -> None:
    async def talk() -> list[float]:
        stream = vad.open()
        await score_all(stream, made_up(5, 4))
        stream.reset()
        scores = await score_all(stream, made_up(2, 4))
        stream.close()
        return scores

    assert asyncio.run(talk()) == pytest.approx(undisturbed(vad, made_up(2, 4)), abs=1e-6)


def test_a_speaker_who_leaves_is_not_waited_for(vad: SileroVad) -> None:
    async def talk() -> None:
        gone, there = vad.open(), vad.open()
        gone.close()
        async with asyncio.timeout(HANG):
            await there.score(made_up(0, 1)[0])

    asyncio.run(talk())


def test_closing_a_stream_ends_the_wait_for_its_score(vad: SileroVad) -> None:
    async def talk() -> None:
        vad.open()
        stream = vad.open()
        waiting = asyncio.create_task(stream.score(made_up(0, 1)[0]))
        await asyncio.sleep(0)
        stream.close()
        with pytest.raises(VoiceActivityError, match="stream was closed"):
            await waiting
        with pytest.raises(VoiceActivityError, match="stream was closed"):
            await stream.score(made_up(0, 1)[0])

    asyncio.run(talk())


def test_closing_the_detector_ends_every_wait(vad: SileroVad) -> None:
    async def talk() -> None:
        vad.open()
        waiting = asyncio.create_task(vad.open().score(made_up(0, 1)[0]))
        await asyncio.sleep(0)
        vad.close()
        with pytest.raises(VoiceActivityError, match="closed"):
            await waiting
        with pytest.raises(VoiceActivityError, match="detector was closed"):
            vad.open()

    asyncio.run(talk())


def test_a_window_of_another_length_is_a_mistake(vad: SileroVad) -> None:
    async def talk() -> None:
        with pytest.raises(ValueError, match="512 samples, this one 320"):
            await vad.open().score(np.zeros(320, np.int16))

    asyncio.run(talk())


def test_when_everyone_has_left_nothing_is_scored(vad: SileroVad) -> None:
    # Run for nobody, the model would abort the whole process.
    async def talk() -> None:
        stream = vad.open()
        waiting = asyncio.create_task(stream.score(made_up(0, 1)[0]))
        await asyncio.sleep(0)
        stream.close()
        with pytest.raises(VoiceActivityError, match="stream was closed"):
            await waiting
        for _ in range(3):
            await asyncio.sleep(0)

    asyncio.run(talk())
