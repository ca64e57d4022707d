"""Voice activity of everyone in the process, through one model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from pipeline.audio import VAD_WINDOW, Samples
from pipeline.errors import VoiceActivityError
from pipeline.vad_model import SileroModel, Voice

LARGEST_BATCH = 32
"""Speakers scored without giving the event loop back: about 1 ms of work. Larger batches save
nothing more."""


class SileroVad:
    """Silero VAD as the pipeline's :class:`~pipeline.interfaces.VoiceActivityDetector`.

    Windows that arrive within ``gather`` of each other go through the model in
    one call, which runs on the event loop: it takes 0.06 ms for one speaker and
    0.3 ms for ten, while handing it to a thread and back would alone cost the
    processor as much as one speaker does. All streams belong to one event loop.

    Args:
        path: The model, in the form that takes several speakers at once.
        alone: The same in the form for one, used when a window comes alone; see
            :class:`~pipeline.vad_model.SileroModel`.
        gather: Seconds to wait for other speakers' windows. Nobody waits when
            every open stream's window is there, so a speaker alone never does.
            0 takes what arrived in the same turn of the event loop.

    Raises:
        VoiceActivityError: The file is missing, damaged, or another model.

    """

    def __init__(self, path: Path, *, alone: Path | None = None, gather: float = 0.008) -> None:
        self._gathering = _Gathering(SileroModel(path, alone=alone), gather)

    def open(self) -> SileroStream:
        """Begin to hear one more speaker.

        Raises:
            VoiceActivityError: After :meth:`close`.

        """
        return SileroStream(self._gathering)

    def close(self) -> None:
        """End: whoever waits for a score gets a :class:`VoiceActivityError`. Harmless twice."""
        self._gathering.close()


class SileroStream:
    """One speaker's voice; see :class:`~pipeline.interfaces.VoiceStream`."""

    def __init__(self, gathering: _Gathering) -> None:
        self._gathering = gathering
        self._voice = Voice()
        gathering.join(self._voice)

    async def score(self, window: Samples) -> float:
        """Return the speech probability in [0, 1] of the speaker's next window.

        Args:
            window: :data:`~pipeline.audio.VAD_WINDOW` samples that follow the
                last ones. They must not change until the score is there.

        Raises:
            VoiceActivityError: The model failed, or the stream was closed.
            ValueError: The window has another length.

        Cancelling drops the result; the window is still heard, in its order.

        """
        if len(window) != VAD_WINDOW:
            raise ValueError(f"a window has {VAD_WINDOW} samples, this one {len(window)}")
        return await self._gathering.submit(self._voice, window)

    def reset(self) -> None:
        """Forget what was heard: the next window follows a long silence."""
        self._voice.reset()

    def close(self) -> None:
        """Leave; a score still waited for becomes a :class:`VoiceActivityError`."""
        self._gathering.leave(self._voice)


class _Waiting(NamedTuple):
    voice: Voice
    window: Samples
    score: asyncio.Future[float]

    def fail(self, error: VoiceActivityError) -> None:
        if not self.score.done():
            self.score.set_exception(error)


class _Gathering:
    """Collects windows into batches, at most one of each speaker."""

    def __init__(self, model: SileroModel, gather: float) -> None:
        self._model = model
        self._gather = gather
        self._voices: set[Voice] = set()
        self._waiting: list[_Waiting] = []
        self._next: asyncio.Handle | None = None
        self._closed = False

    def join(self, voice: Voice) -> None:
        if self._closed:
            raise VoiceActivityError("the voice activity detector was closed")
        self._voices.add(voice)

    def leave(self, voice: Voice) -> None:
        self._voices.discard(voice)
        for waiting in self._waiting:
            if waiting.voice is voice:
                waiting.fail(VoiceActivityError("the speaker's stream was closed"))
        self._waiting = [waiting for waiting in self._waiting if waiting.voice is not voice]

    def close(self) -> None:
        self._closed = True
        for voice in tuple(self._voices):
            self.leave(voice)
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def submit(self, voice: Voice, window: Samples) -> asyncio.Future[float]:
        if voice not in self._voices:
            raise VoiceActivityError("the speaker's stream was closed")
        loop = asyncio.get_running_loop()
        score: asyncio.Future[float] = loop.create_future()
        self._waiting.append(_Waiting(voice, window, score))
        if len(self._waiting) >= len(self._voices) or not self._gather:
            self._run_next(loop.call_soon(self._run))
        elif self._next is None:
            self._run_next(loop.call_later(self._gather, self._run))
        return score

    def _run_next(self, handle: asyncio.Handle) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = handle

    def _run(self) -> None:
        self._next = None
        batch = self._take()
        if not batch:
            return  # whoever spoke has left since
        try:
            scores = self._model.score(
                [waiting.voice for waiting in batch], [waiting.window for waiting in batch]
            )
        except VoiceActivityError as error:
            for waiting in batch:
                waiting.fail(error)
        else:
            for waiting, score in zip(batch, scores, strict=True):
                if not waiting.score.done():
                    waiting.score.set_result(score)
        if self._waiting:
            self._run_next(asyncio.get_running_loop().call_soon(self._run))

    def _take(self) -> list[_Waiting]:
        # A speaker's second window needs what the model remembers of the first.
        batch: dict[Voice, _Waiting] = {}
        later: list[_Waiting] = []
        for waiting in self._waiting:
            if waiting.voice in batch or len(batch) == LARGEST_BATCH:
                later.append(waiting)
            else:
                batch[waiting.voice] = waiting
        self._waiting = later
        return list(batch.values())
