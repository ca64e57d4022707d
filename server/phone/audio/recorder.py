"""Records a call: the caller left, the bot right, written while it lasts.

Sounds are laid down by their times on the event loop (:mod:`~server.phone.audio.stereo`), and every
half second what is final goes to the thread of this recording, which alone touches the disk. A disk
that is full, gone or far too slow ends the recording and not the call.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.audio import Samples
from server.phone.audio.g711 import PHONE_RATE
from server.phone.audio.stereo import Side, StereoTimeline
from server.phone.audio.wav_file import WavFile

logger = logging.getLogger(__name__)

SETTLING: Final = 2.0
"""Seconds for which sounds are waited for: a network may stall so long without a hole in the
recording. What a crash costs is this, and half a second."""

WRITE_EVERY: Final = 0.5
"""Seconds that are written at once."""

LONGEST_WAIT: Final = 2.0
"""Seconds after the end of a recording that the disk has for what is left."""

MOST_UNWRITTEN: Final = 4 << 20
"""Bytes that may wait for the disk (two minutes); beyond it the recording ends."""

_CALL_FILE: Final = partial(WavFile, rate=PHONE_RATE, channels=len(Side))


@dataclass(frozen=True, slots=True)
class Recording:
    """What came of a recording."""

    path: Path
    seconds: float
    """How long it is; 0 when there is no file."""

    error: str = ""
    """Why it ended before the call; "" when it did not."""


class Recorder:
    """Records one call. On the event loop; none of it waits for the disk.

    Args:
        path: The WAV file, which must not exist yet; its folder must.
        began: When the recording begins, in seconds on the conversation clock.
        make: Makes the file, in the recording's thread.

    """

    def __init__(
        self, path: Path, began: float, make: Callable[[Path], WavFile] = _CALL_FILE
    ) -> None:
        self._timeline = StereoTimeline(began)
        self._disk = _Disk(path, make)
        self._finished = False

    @property
    def error(self) -> str:
        """Why it has ended; "" while it goes on."""
        return self._disk.error

    def record(self, side: Side, at: float, samples: Samples, now: float) -> None:
        """Take in a sound.

        Args:
            side: Whose voice it is.
            at: When its first sample was heard.
            samples: At :data:`~server.phone.audio.g711.PHONE_RATE`.
            now: The time.

        """
        if not self._finished:
            self.advance(now)
            self._timeline.put(side, at, samples)

    def advance(self, now: float) -> None:
        """Let time pass: what is final is written. Not needed while somebody is heard."""
        until = now - SETTLING
        if not self._finished and self._timeline.ready(until) >= WRITE_EVERY:
            self._give(until)

    def finish(self, now: float) -> None:
        """End the recording at a time; harmless twice."""
        if not self._finished:
            self._give(now)
            self._finished = True
            self._disk.finish()

    async def wait_written(self) -> Recording:
        """Wait, after :meth:`finish`, until the disk has it; of a dead one, for a moment.

        Cancelling is safe; it is written to its end.
        """
        await asyncio.to_thread(self._disk.join)
        return self._disk.recording

    def _give(self, until: float) -> None:
        for piece in self._timeline.take(until):
            self._disk.put(piece.astype("<i2").tobytes())


class _Disk:
    """The thread that writes one recording, and what it has to do.

    The event loop counts what it gives, the thread what it has written: no lock is needed.
    """

    def __init__(self, path: Path, make: Callable[[Path], WavFile]) -> None:
        self._path = path
        self._make = make
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._given = 0
        self._written = 0
        self._seconds = 0.0
        self.error = ""
        # A thread that is stuck in a dead disk must not keep the program from ending.
        self._thread = threading.Thread(
            target=self._run, name=f"recording {path.stem}", daemon=True
        )
        self._thread.start()

    @property
    def recording(self) -> Recording:
        return Recording(self._path, self._seconds, self.error)

    def put(self, block: bytes) -> None:
        if self.error:
            return
        if self._given - self._written > MOST_UNWRITTEN:
            self._fail("the disk is too slow")
            self.finish()
            return
        self._given += len(block)
        self._blocks.put(block)

    def finish(self) -> None:
        self._blocks.put(None)

    def join(self) -> None:
        self._thread.join(LONGEST_WAIT)
        if self._thread.is_alive():
            self._fail("the disk is too slow")

    def _run(self) -> None:
        try:
            file = self._make(self._path)
        except OSError as error:
            self._fail(str(error))
            return
        try:
            self._write(file)
        finally:
            try:
                file.close()
            except OSError as error:
                self._fail(str(error))

    def _write(self, file: WavFile) -> None:
        while (block := self._blocks.get()) is not None and not self.error:
            try:
                file.append(block)
            except OSError as error:
                self._fail(str(error))
                return
            self._written += len(block)
            self._seconds = file.seconds

    def _fail(self, reason: str) -> None:
        if not self.error:
            self.error = reason
            logger.warning("The recording %s ended before its call: %s", self._path.name, reason)
