"""Scripted stand-ins for everything outside the conversation, on its clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

import numpy as np

from pipeline.audio import SPEECH_RATE, AudioFrame, Samples
from pipeline.clock import AudioClock, AudioTimeLoop
from pipeline.errors import AudioError, EndOfTurnError, StageError
from pipeline.interfaces import (
    Participant,
    ParticipantLeft,
    Question,
    ReplyAudio,
    Segment,
    Transcript,
    Volume,
)
from pipeline.ledger import PlaybackLedger
from pipeline.word_times import WordTimes

WINDOW = 512 / 16_000

Script = Sequence[tuple[str, float, float]]


def audio_clock() -> AudioClock:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AudioTimeLoop)
    return loop.clock


class FakeTransport:
    """Plays the script ``[(speaker, start, end), …]``; like Discord, sends nothing in silence.

    Sentences in ``broken`` cannot be played.
    """

    def __init__(
        self,
        script: Script,
        *,
        closes_at: float,
        leaves: Sequence[tuple[str, float]] = (),
        people: Sequence[str] = ("ann", "ben"),
        broken: Sequence[str] = (),
    ) -> None:
        self.clock = audio_clock()
        self.broken = broken
        self.script = script
        self.closes_at = closes_at
        self.leaves = leaves
        self.people = [Participant(name, name.title()) for name in people]
        self.heard: list[tuple[float, float, str]] = []
        self.handed: list[float] = []
        self.volumes: list[tuple[float, Volume]] = []
        self._volume = Volume.FULL
        self._ledger = PlaybackLedger()
        self._queue: deque[tuple[str, float]] = deque()
        self._counted_to = 0.0

    @property
    def ledger(self) -> PlaybackLedger:
        self._count()
        return self._ledger

    def participants(self) -> Sequence[Participant]:
        return self.people

    async def events(self) -> AsyncIterator[AudioFrame | ParticipantLeft]:
        timed: list[tuple[float, AudioFrame | ParticipantLeft]] = [
            (at, ParticipantLeft(who, at)) for who, at in self.leaves
        ]
        for speaker, start, end in self.script:
            count = round((end - start) / WINDOW)
            for index in range(count):
                at = start + index * WINDOW
                frame = AudioFrame(speaker, np.full(512, 1000, np.int16), at)
                timed.append((frame.end, frame))
        for at, event in sorted(timed, key=lambda pair: pair[0]):
            await self.clock.sleep_until(at)
            yield event
        await self.clock.sleep_until(self.closes_at)

    async def play(self, audio: ReplyAudio) -> None:
        if audio.text in self.broken:
            raise AudioError("disconnected")
        self._count()
        seconds = len(audio.samples) / SPEECH_RATE
        self.handed.append(seconds)
        self._queue.append((audio.text, seconds))
        self._ledger.queue(audio.piece, audio.text, seconds)
        await self._until_left(0.5)

    async def drain(self) -> None:
        await self._until_left(0.0)

    async def _until_left(self, seconds: float) -> None:
        while (more := sum(left for _, left in self._queue) - seconds) > 1e-9:
            held = self._volume is Volume.HELD
            await self.clock.sleep_until(self.clock.now() + (0.01 if held else more))
            self._count()

    def set_volume(self, volume: Volume) -> None:
        self._count()
        self._volume = volume
        self.volumes.append((round(self.clock.now(), 3), volume))

    def stop(self) -> None:
        self._count()
        self._queue.clear()
        self._ledger.drop()
        self._volume = Volume.FULL

    @property
    def reply_spans(self) -> list[tuple[float, float]]:
        """When the bot was heard, neighbouring pieces joined."""
        spans: list[tuple[float, float]] = []
        for start, end, _ in self.heard:
            if spans and start - spans[-1][1] < 1e-6:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return [(round(start, 3), round(end, 3)) for start, end in spans]

    def _count(self) -> None:
        now = self.clock.now()
        while self._queue and self._counted_to < now and self._volume is not Volume.HELD:
            text, left = self._queue.popleft()
            taken = min(left, now - self._counted_to)
            if left - taken > 1e-9:
                self._queue.appendleft((text, left - taken))
            self._note(self._counted_to, self._counted_to + taken, text)
            self._ledger.play(taken)
            self._counted_to += taken
        self._counted_to = max(self._counted_to, now)

    def _note(self, start: float, end: float, text: str) -> None:
        if self.heard and self.heard[-1][2] == text and start - self.heard[-1][1] < 1e-6:
            start = self.heard.pop()[0]
        self.heard.append((start, end, text))


class FakeVoice:
    def __init__(self, takes: float) -> None:
        self.open = True
        self.takes = takes

    async def score(self, window: Samples) -> float:
        if self.takes:
            await audio_clock().sleep_until(audio_clock().now() + self.takes)
        return 1.0 if window.any() else 0.0

    def reset(self) -> None:
        pass

    def close(self) -> None:
        self.open = False


class FakeVoiceActivity:
    def __init__(self, takes: float = 0.0) -> None:
        self.voices: list[FakeVoice] = []
        self.takes = takes

    def open(self) -> FakeVoice:
        self.voices.append(FakeVoice(self.takes))
        return self.voices[-1]


class FakeEndOfTurn:
    """Gives the scores one after another, then 1.0; ``None`` fails."""

    def __init__(self, *scores: float | None, takes: float = 0.02) -> None:
        self.scores = list(scores)
        self.takes = takes

    async def score(self, samples: Samples) -> float:
        clock = audio_clock()
        await clock.sleep_until(clock.now() + self.takes)
        score = self.scores.pop(0) if self.scores else 1.0
        if score is None:
            raise EndOfTurnError("the model is broken")
        return score


class FakeRecognition:
    def __init__(self, said: str | StageError, ready: float) -> None:
        self.said = said
        self.ready = ready
        self.committed = False
        self.cancelled = False

    def commit(self) -> None:
        self.committed = True

    def cancel(self) -> None:
        self.cancelled = True

    async def transcript(self) -> Transcript:
        await audio_clock().sleep_until(self.ready)
        if isinstance(self.said, StageError):
            raise self.said
        return Transcript(self.said)


class FakeSpeechToText:
    """Knows what is said from when on: ``{("ann", 1.0): "hello"}`` by the start of speech."""

    def __init__(self, said: dict[tuple[str, float], str | StageError], takes: float) -> None:
        self.said = said
        self.takes = takes
        self.started: list[FakeRecognition] = []
        self.segments: list[Segment] = []

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> FakeRecognition:
        self.segments.append(segment)
        parts = [
            text
            for (speaker, at), text in self.said.items()
            if speaker == segment.speaker and segment.start - 0.1 <= at <= segment.end
        ]
        errors = [part for part in parts if isinstance(part, StageError)]
        said = errors[0] if errors else " ".join(map(str, parts))
        recognition = FakeRecognition(said, audio_clock().now() + self.takes)
        self.started.append(recognition)
        return recognition


class FakeAgent:
    """Answers ``replies`` one after another, then "ok."; an error is raised where it stands."""

    def __init__(
        self,
        *replies: str | StageError | list[str | StageError],
        takes: float,
        abort_takes: float = 0.0,
        asks_ahead: bool = False,
    ) -> None:
        self.asks_ahead = asks_ahead
        self.replies = list(replies)
        self.takes = takes
        self.abort_takes = abort_takes
        self.asked: list[Question] = []
        self.aborted = 0
        self.tool = ""
        """That it uses for every answer."""

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.asked.append(question)
        if self.tool and question.on_tool is not None:
            question.on_tool(self.tool)
        clock = audio_clock()
        reply = self.replies.pop(0) if self.replies else "ok."
        try:
            for piece in reply if isinstance(reply, list) else [reply]:
                await clock.sleep_until(clock.now() + self.takes)
                if isinstance(piece, StageError):
                    raise piece
                yield piece
        except (GeneratorExit, asyncio.CancelledError):
            self.aborted += 1
            await clock.sleep_until(clock.now() + self.abort_takes)
            raise


class FakeTextToSpeech:
    """Speaks every sentence for ``seconds``; those in ``fails`` raise.

    ``on_sound`` is called when the first sound is on its way.
    """

    def __init__(
        self, *, seconds: float, takes: float = 0.1, fails: dict[str, StageError] | None = None
    ) -> None:
        self.seconds = seconds
        self.takes = takes
        self.fails = fails or {}
        self.on_sound: Callable[[], None] = lambda: None
        self.said: list[tuple[str, str]] = []
        self.speeds: list[float | None] = []
        self.warmed = 0

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        self.said.append((voice, text))
        self.speeds.append(speed)
        clock = audio_clock()
        await clock.sleep_until(clock.now() + self.takes)
        if text in self.fails:
            raise self.fails[text]
        yield np.full(round(self.seconds * SPEECH_RATE), 1000, np.int16)
        self.on_sound()

    async def warm(self) -> None:
        self.warmed += 1
