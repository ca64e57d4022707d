"""The way of utterances through the threads, with a recogniser whose work the test holds up."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import SpeechToTextError
from pipeline.interfaces import Recognition, Transcript
from pipeline.stt_workers import RecognitionWorkers

REPOSITORY = Path(__file__).parents[2]


class Desk:
    """Decodes one utterance at a time, each only when the test lets it."""

    def __init__(self, workers: RecognitionWorkers) -> None:
        self.workers = workers
        self.begun: list[str] = []
        self.busy = threading.Event()
        self.free = threading.Event()

    def start(self, text: str) -> Recognition:
        return self.workers.start(lambda: self._decode(text))

    def hold(self) -> Recognition:
        """Keep the only worker busy, so that all that follows waits."""
        held = self.start("held")
        assert self.busy.wait(5)
        return held

    def _decode(self, text: str) -> Transcript:
        self.begun.append(text)
        self.busy.set()
        assert self.free.wait(5)
        return Transcript(text)


@contextlib.contextmanager
def one_worker(*, bound: int = 8, timeout: float = 5.0) -> Iterator[Desk]:
    workers = RecognitionWorkers(workers=1, bound=bound, timeout=timeout)
    desk = Desk(workers)
    try:
        yield desk
    finally:
        desk.free.set()
        workers.close()


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("stt-")]


def test_words_reach_the_event_loop() -> None:
    with one_worker() as desk:
        desk.free.set()

        async def main() -> None:
            assert await desk.start("hello").transcript() == Transcript("hello")

        asyncio.run(main())


def test_several_may_wait_for_one_transcript() -> None:
    with one_worker() as desk:
        recognition = desk.hold()

        async def main() -> None:
            async with asyncio.TaskGroup() as tasks:
                waiting = [tasks.create_task(recognition.transcript()) for _ in range(3)]
                await asyncio.sleep(0)
                desk.free.set()
            assert {task.result().text for task in waiting} == {"held"}
            assert (await recognition.transcript()).text == "held"

        asyncio.run(main())


def test_committed_turns_go_before_speculative_ones() -> None:
    with one_worker() as desk:
        desk.hold()
        first, second, third = (desk.start(name) for name in ("first", "second", "third"))
        third.commit()
        desk.free.set()

        async def main() -> None:
            for recognition in (first, second, third):
                await recognition.transcript()

        asyncio.run(main())
        assert desk.begun == ["held", "third", "first", "second"]


def test_a_cancelled_utterance_is_never_decoded() -> None:
    with one_worker() as desk:
        desk.hold()
        cancelled, other = desk.start("cancelled"), desk.start("other")
        cancelled.cancel()
        cancelled.cancel()
        desk.free.set()

        async def main() -> None:
            await other.transcript()
            with pytest.raises(SpeechToTextError, match="no longer wanted"):
                await cancelled.transcript()

        asyncio.run(main())
        assert desk.begun == ["held", "other"]


def test_cancelling_during_the_decode_frees_who_waits_at_once() -> None:
    with one_worker() as desk:
        held = desk.hold()

        async def main() -> None:
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(fails(held))
                await asyncio.sleep(0)
                held.cancel()
                assert "no longer wanted" in await waiting
            desk.free.set()
            assert (await desk.start("next").transcript()).text == "next"

        asyncio.run(main())


def test_cancelling_the_wait_drops_the_utterance() -> None:
    with one_worker() as desk:
        desk.hold()
        complaints: list[str] = []

        async def main() -> None:
            asyncio.get_running_loop().set_exception_handler(
                lambda _, about: complaints.append(about["message"])
            )
            waiting = asyncio.create_task(desk.start("dropped").transcript())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            desk.free.set()
            await desk.start("next").transcript()
            del waiting
            gc.collect()

        asyncio.run(main())
        assert desk.begun == ["held", "next"]
        assert complaints == []


def test_a_shed_speculation_comes_back_with_its_commit() -> None:
    with one_worker(bound=1) as desk:
        desk.hold()
        shed, _kept = desk.start("shed"), desk.start("kept")
        shed.commit()
        desk.free.set()

        async def main() -> None:
            assert (await shed.transcript()).text == "shed"

        asyncio.run(main())


def test_too_many_committed_turns_are_refused_with_a_reason() -> None:
    with one_worker(bound=1) as desk:
        desk.hold()
        shed, kept = desk.start("shed"), desk.start("kept")
        kept.commit()
        shed.commit()

        async def main() -> None:
            assert "overloaded" in await fails(shed)
            desk.free.set()
            assert (await kept.transcript()).text == "kept"

        asyncio.run(main())


def test_a_decode_that_takes_too_long_is_given_up() -> None:
    with one_worker(timeout=0.02) as desk:
        held = desk.hold()
        waiting = desk.start("waiting")

        async def main() -> None:
            assert "no words after 0.02 s" in await fails(held)
            assert "no words after 0.02 s" in await fails(waiting)

        asyncio.run(main())
        desk.free.set()
        desk.workers.close()
        assert desk.begun == ["held"]


def test_a_failing_recogniser_fails_one_turn_only(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Transcript:
        raise RuntimeError("CUDA out of memory")

    with one_worker() as desk:
        desk.free.set()

        async def main() -> None:
            assert "CUDA out of memory" in await fails(desk.workers.start(broken))
            assert (await desk.start("next").transcript()).text == "next"

        asyncio.run(main())
    assert "The recogniser failed" in caplog.text


def test_closing_joins_the_threads_and_drops_what_waits() -> None:
    with one_worker() as desk:
        held, waiting = desk.hold(), desk.start("waiting")
        assert threads()

        async def main() -> None:
            async with asyncio.TaskGroup() as tasks:
                closing = tasks.create_task(desk.workers.aclose())
                assert "closed" in await fails(waiting)
                assert not closing.done()
                desk.free.set()
            assert not threads()
            assert (await held.transcript()).text == "held"
            assert "closed" in await fails(desk.start("late"))

        asyncio.run(main())
        desk.workers.close()
        assert desk.begun == ["held"]


def test_a_program_that_forgets_to_close_still_ends() -> None:
    program = (
        "from pipeline.stt_workers import RecognitionWorkers\n"
        "RecognitionWorkers(workers=2, bound=1, timeout=1.0)\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, timeout=30, check=False)

    assert ended.returncode == 0


async def fails(recognition: Recognition) -> str:
    with pytest.raises(SpeechToTextError) as failure:
        await recognition.transcript()
    return str(failure.value)
