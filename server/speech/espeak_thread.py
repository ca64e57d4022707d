"""The thread in which espeak-ng does all its work: one :class:`Espeak` a process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pipeline.audio import Samples
from server.speech.espeak_library import Chunk, Clause, Library, Segment, Word

PAUSE = 0.05
"""Seconds the worker pauses at most for the first chunk of a text to be sent."""

MOST_CHUNKS = 12
"""Chunks that are handed on at once after the first: mostly a sentence. They are made in 5 ms, and
each time the threads change over costs both."""


@dataclass(frozen=True, slots=True)
class SpokenChunk:
    """A part of the sound of a segment."""

    samples: Samples
    words: tuple[Word, ...]
    """Words that begin in it."""


def _joined(chunks: Sequence[Chunk]) -> SpokenChunk:
    pcm = b"".join(chunk.pcm for chunk in chunks)
    words = tuple(word for chunk in chunks for word in chunk.words)
    return SpokenChunk(np.frombuffer(pcm, np.int16), words)


class _Delivery:
    """Brings sound from the worker thread to the event loop: the first chunk at once, then many.

    The library makes a chunk in no time. On a busy machine the event loop would get its turn only
    when all is spoken, so the worker pauses until the first chunk is on its way.

    Args:
        pause: Seconds of this pause at most.

    """

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        # It needs no bound of its own: a segment is the most it can hold.
        self._arrived: asyncio.Queue[SpokenChunk | None] = asyncio.Queue()
        self._held: list[Chunk] = []
        self._most = 1
        self._sent = threading.Event()
        self._begun = False
        self._unwanted = False

    def put(self, chunk: Chunk) -> bool:
        """Take a chunk, on the worker thread; returns whether more is wanted."""
        self._held.append(chunk)
        if len(self._held) >= self._most:
            self._hand_over()
            if self._most == 1:
                self._sent.wait(self._pause)
            self._most = MOST_CHUNKS
        return not self._unwanted

    def end(self) -> None:
        """Say that no more comes, on the worker thread."""
        self._hand_over()
        self._loop.call_soon_threadsafe(self._arrived.put_nowait, None)

    async def get(self) -> SpokenChunk | None:
        """Wait for sound; ``None`` at the end."""
        if self._begun:
            self._sent.set()
        self._begun = True
        return await self._arrived.get()

    def hurry(self) -> None:
        """Do not pause: others wait for the worker."""
        self._sent.set()

    def stop(self) -> None:
        """Want no more."""
        self._unwanted = True
        self._sent.set()

    @property
    def unwanted(self) -> bool:
        """Whether nobody listens any more."""
        return self._unwanted

    def _hand_over(self) -> None:
        if self._held and not self._unwanted:
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, _joined(self._held))
        self._held = []


class Espeak:
    """The library and its thread, shared by all engines of the process.

    Raises:
        EngineError: The library or its data is missing.

    """

    def __init__(self) -> None:
        self._library = Library()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="espeak")
        self._deliveries: set[_Delivery] = set()

    @property
    def sample_rate(self) -> int:
        """Hertz of what :meth:`speak` yields."""
        return self._library.sample_rate

    @property
    def languages(self) -> Mapping[str, str]:
        """The library's voices by language tag, in lower case."""
        return self._library.languages

    @property
    def variants(self) -> AbstractSet[str]:
        """What may follow a voice and a plus sign."""
        return self._library.variants

    async def phonemes(self, text: str, voice: str) -> list[Clause]:
        """Return the sounds of a text, clause by clause.

        Args:
            text: Plain text.
            voice: The library's name of a voice, or a language tag.

        Raises:
            EngineError: There is no such voice.

        Cancelling is safe.

        """
        voice = self.languages.get(voice.lower(), voice)
        self._hurry()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._library.phonemes, text, voice)

    async def speak(self, segment: Segment) -> AsyncGenerator[SpokenChunk]:
        """Stream the sound of a segment.

        Raises:
            EngineError: There is no such voice, or the library failed.

        Closing the generator, or cancelling, stops the work within one chunk.

        """
        self._hurry()
        # Where several wait for the worker, each pause would be a loss to all behind.
        delivery = _Delivery(0.0 if self._deliveries else PAUSE)
        self._deliveries.add(delivery)

        def speak() -> None:
            try:
                if not delivery.unwanted:
                    self._library.speak(segment, delivery.put)
            finally:
                delivery.end()

        work = asyncio.get_running_loop().run_in_executor(self._worker, speak)
        try:
            while chunk := await delivery.get():
                yield chunk
            await work
        finally:
            self._deliveries.discard(delivery)
            delivery.stop()

    def close(self) -> None:
        """Wait for the worker thread, which ends with the segment it is at."""
        self._worker.shutdown(cancel_futures=True)

    def _hurry(self) -> None:
        for delivery in self._deliveries:
            delivery.hurry()
