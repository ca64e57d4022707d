"""The room a scene is played in: people speak from files, and talk over the replies."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import numpy as np

from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame, Samples
from pipeline.clock import Clock, Timer
from pipeline.interfaces import Participant, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from pipeline.wav import WavTransport
from server.scenes.format import Echo
from server.scenes.heard import HeardReplies
from server.scenes.microphone import OpenMicrophone
from server.scenes.observed import Playback

_WINDOW = VAD_WINDOW / HEARING_RATE


class SceneClock:
    """Another clock's time, counted from now: the start of one scene."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._origin = clock.now()
        self._reached = 0.0

    def now(self) -> float:
        """Seconds since the scene began."""
        # Whoever slept until a time must find it reached, however the sums were rounded.
        return max(self._reached, self._clock.now() - self._origin)

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` at ``at`` (soon, when that is past)."""

        def call() -> None:
            self._reached = max(self._reached, at)
            callback()

        return self._clock.call_at(self._origin + at, call)

    async def sleep_until(self, at: float) -> None:
        """Sleep until ``at``. Cancelling is safe."""
        woken = asyncio.Event()
        timer = self.call_at(at, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def work(self) -> AbstractContextManager[None]:
        """Do work that takes real time."""
        return self._clock.work()

    def stopwatch(self) -> Callable[[], float]:
        """Measure work that the clock does not show."""
        return self._clock.stopwatch()


class SceneTransport:
    """A :class:`~pipeline.wav.WavTransport` in which people can also speak when they like.

    It knows when each reply was heard, and lets it come back through open
    microphones. :meth:`listen` must run beside the conversation.

    Args:
        wav: Plays the files, and the replies.
        clock: The conversation clock.
        echo: Whose microphones pick up the replies.
        on_sentence: Gets each sentence that is played, and when it begins.

    """

    def __init__(
        self,
        wav: WavTransport,
        clock: Clock,
        *,
        echo: Sequence[Echo] = (),
        on_sentence: Callable[[str, float], None] = lambda _text, _at: None,
    ) -> None:
        self._wav = wav
        self._clock = clock
        self._frames: asyncio.Queue[AudioFrame | None] = asyncio.Queue()
        self._interrupting: set[str] = set()
        self._begun: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._starts: list[float] = []
        self._on_sentence = on_sentence
        self._sentence: int | None = None
        self._heard = HeardReplies()
        self._microphones = {item.speaker: OpenMicrophone(item, self._heard) for item in echo}

    @property
    def ledger(self) -> PlaybackLedger:
        """What was really played."""
        return self._wav.ledger

    def participants(self) -> Sequence[Participant]:
        """Everyone in the scene, all the time."""
        return self._wav.participants()

    async def listen(self) -> None:
        """Hear the files until the room closes. Cancelling is safe."""
        async with asyncio.TaskGroup() as tasks:
            open_ = tasks.create_task(self._keep_open()) if self._microphones else None
            async for frame in self._wav.events():
                if frame.speaker not in self._interrupting:  # nobody has two voices
                    self._hear(frame)
            if open_ is not None:
                open_.cancel()
        self._frames.put_nowait(None)

    async def events(self) -> AsyncIterator[AudioFrame]:
        """Everyone's voice, until the room closes."""
        while (frame := await self._frames.get()) is not None:
            yield frame

    async def speak(self, speaker: str, samples: Samples, at: float) -> None:
        """Let someone be heard from ``at`` on, instead of their file; returns when they are done.

        Cancelling cuts them short.
        """
        await self._clock.sleep_until(at)
        self._interrupting.add(speaker)
        try:
            for frame in _frames(speaker, samples, at):
                await self._clock.sleep_until(frame.end)
                self._hear(frame)
        finally:
            self._interrupting.discard(speaker)

    def has_begun(self, reply: int) -> bool:
        """Whether a reply has begun to play; 0 is the first of the scene."""
        return reply < len(self._starts)

    async def wait_begun(self, reply: int) -> float:
        """Wait until a reply begins, and return when it did. Cancelling is safe."""
        await self._begun[reply].wait()
        return self._starts[reply]

    def take_reply(self) -> tuple[Playback | None, tuple[Playback, ...]]:
        """Return when the last reply was heard, once: the next sound begins another.

        And those before it that were taken back because their turn went on.
        """
        self._take_account()
        return self._heard.take_reply(), self._heard.take_taken_back()

    async def play(self, audio: ReplyAudio) -> None:
        """Queue audio; returns when there is room for more."""
        now = self._take_account()
        if self._heard.queue(audio.samples):
            self._begun[len(self._starts)].set()
            self._starts.append(now)
        if audio.piece != self._sentence:
            self._sentence = audio.piece
            self._on_sentence(audio.text, now + self._wav.ledger.seconds_waiting)
        await self._wav.play(audio)

    async def drain(self) -> None:
        """Wait until all queued audio was heard or dropped. Cancelling is safe."""
        await self._wav.drain()

    def set_volume(self, volume: Volume) -> None:
        """Change how loud replies are, now."""
        self._take_account()
        self._heard.set_volume(volume)
        self._wav.set_volume(volume)

    def stop(self) -> None:
        """Drop queued audio now."""
        self._take_account()
        self._heard.stop()
        self._wav.stop()

    def _take_account(self) -> float:
        """Note what was heard until now, and return the time."""
        waiting, now = self._wav.ledger.seconds_waiting, self._clock.now()
        self._heard.advance(now, waiting)
        return now

    def _hear(self, voice: AudioFrame) -> None:
        """Take in a frame of somebody's voice at its end."""
        microphone = self._microphones.get(voice.speaker)
        if microphone is not None:
            self._take_account()
            voice = microphone.hear(voice)
        self._frames.put_nowait(voice)

    async def _keep_open(self) -> None:
        """Let the open microphones send while nobody speaks into them."""
        while True:
            await self._clock.sleep_until(self._clock.now() + _WINDOW)
            now = self._take_account()
            for microphone in self._microphones.values():
                # What a person says comes at the end of each frame: leave room for one.
                if (frame := microphone.wait(now - _WINDOW)) is not None:
                    self._frames.put_nowait(frame)


def _frames(speaker: str, samples: Samples, at: float) -> Iterator[AudioFrame]:
    padded = np.pad(samples, (0, -len(samples) % VAD_WINDOW))
    for first in range(0, len(padded), VAD_WINDOW):
        yield AudioFrame(speaker, padded[first : first + VAD_WINDOW], at + first / HEARING_RATE)
