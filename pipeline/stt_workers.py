"""Threads that transcribe, and the way of an utterance through them.

A recogniser works for a tenth of a second to seconds and cannot be stopped in
between, so it runs on threads of its own. They are always joined, at the latest
when the interpreter exits: exiting while a thread is inside CTranslate2 crashes
the process.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from pipeline.errors import SpeechToTextError
from pipeline.interfaces import Recognition, Transcript
from pipeline.stt_queue import Queued, TranscriptionQueue

_log = logging.getLogger(__name__)


class RecognitionWorkers:
    """Threads that take utterances from a bounded queue. Safe from any thread.

    Args:
        workers: How many are transcribed at once.
        bound: How many may wait.
        timeout: Seconds that :meth:`~pipeline.interfaces.Recognition.transcript` waits.

    """

    def __init__(self, *, workers: int, bound: int, timeout: float) -> None:
        self._timeout = timeout
        self._queue: TranscriptionQueue[_Job] = TranscriptionQueue(bound)
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            # Daemons, or a program that forgot close() would hang instead of exiting.
            threading.Thread(target=self._run, name=f"stt-{number}", daemon=True)
            for number in range(workers)
        ]
        atexit.register(self.close)
        for thread in self._threads:
            thread.start()

    def start(self, decode: Callable[[], Transcript]) -> Recognition:
        """Queue an utterance, speculatively.

        Args:
            decode: Transcribes it; called once, on a worker, unless it is cancelled before.

        """
        job = _Job(self, decode, self._timeout)
        with self._changed:
            if not self._closed:
                self._queue.add(job)
                self._changed.notify()
                return job
        job.fail("the recogniser is closed")
        return job

    def close(self) -> None:
        """Refuse new work, drop what waits, and join the threads.

        Takes as long as the utterances that are being decoded right now.
        Harmless twice.
        """
        with self._changed:
            self._closed = True
            waiting = self._queue.clear()
            self._changed.notify_all()
        for job in waiting:
            job.fail("the recogniser is closed")
        for thread in self._threads:
            thread.join()
        atexit.unregister(self.close)

    async def aclose(self) -> None:
        """Do :meth:`close` without holding up the event loop.

        Cancelling stops the waiting only; the threads end all the same.
        """
        await asyncio.to_thread(self.close)

    def commit(self, job: _Job) -> None:
        """Move a job before the speculative ones, or fail it when there is too much to do."""
        with self._changed:
            closed = self._closed
            accepted = not closed and self._queue.commit(job)
            self._changed.notify()
        if closed:
            job.fail("the recogniser is closed")
        elif not accepted:
            job.fail(
                "overloaded: too many turns wait to be transcribed; choose a smaller"
                " pipeline.stt.model_size or a machine with more cores"
            )

    def cancel(self, job: _Job) -> None:
        """Take a job off the queue."""
        with self._changed:
            self._queue.cancel(job)

    def _run(self) -> None:
        while job := self._next():
            job.run()

    def _next(self) -> _Job | None:
        with self._changed:
            while not self._closed:
                if job := self._queue.take():
                    return job
                self._changed.wait()
        return None


class _Job(Queued):
    """One utterance: a :class:`~pipeline.interfaces.Recognition`.

    Its outcome is set once, by whoever is first: the worker, a refusal, or
    :meth:`cancel`.
    """

    def __init__(
        self, workers: RecognitionWorkers, decode: Callable[[], Transcript], timeout: float
    ) -> None:
        super().__init__()
        self._workers = workers
        self._decode = decode
        self._timeout = timeout
        self._outcome: Future[Transcript] = Future()

    def commit(self) -> None:
        if not self._outcome.done():
            self._workers.commit(self)

    def cancel(self) -> None:
        self._workers.cancel(self)
        self.fail("the utterance is no longer wanted")

    async def transcript(self) -> Transcript:
        # Shielded, so that one of several who wait can be cancelled: cancel()
        # then tells the others.
        outcome = asyncio.wrap_future(self._outcome)
        outcome.add_done_callback(_take_in)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(outcome)
        except TimeoutError as error:
            self.cancel()
            raise SpeechToTextError(
                f"no words after {self._timeout:g} s; choose a smaller pipeline.stt.model_size"
                " or raise pipeline.stt.timeout"
            ) from error
        except asyncio.CancelledError:
            self.cancel()
            raise

    def run(self) -> None:
        """Decode, on the calling thread."""
        try:
            transcript = self._decode()
        except SpeechToTextError as error:
            self._set(error)
        except Exception as error:  # noqa: BLE001 - the worker lives on: the next turn is somebody else's
            _log.exception("The recogniser failed")
            failure = SpeechToTextError(f"the recogniser failed: {error}")
            failure.__cause__ = error
            self._set(failure)
        else:
            self._set(transcript)

    def fail(self, message: str) -> None:
        """Give up, unless there is an outcome already."""
        self._set(SpeechToTextError(message))

    def _set(self, outcome: Transcript | SpeechToTextError) -> None:
        with suppress(InvalidStateError):  # somebody was first
            if isinstance(outcome, SpeechToTextError):
                self._outcome.set_exception(outcome)
            else:
                self._outcome.set_result(outcome)


def _take_in(outcome: asyncio.Future[Transcript]) -> None:
    """Look at an outcome: nobody may be left to, and asyncio would log that as an error."""
    if not outcome.cancelled():
        outcome.exception()
