"""Scripted stand-ins for everything outside the conversation, on its clock."""

from __future__ import annotations

import asyncio
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
)
from pipeline.ledger import PlaybackLedger

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
        self._ledger = PlaybackLedger()
        self._clear_at = 0.0
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
        now = self.clock.now()
        start = max(now, self._clear_at)
        seconds = len(audio.samples) / SPEECH_RATE
        self._clear_at = start + seconds
        self.heard.append((start, self._clear_at, audio.text))
        self._ledger.queue(audio.piece, audio.text, seconds)
        await self.clock.sleep_until(self._clear_at - 0.5)

    async def drain(self) -> None:
        await self.clock.sleep_until(self._clear_at)
        self._count()

    def stop(self) -> None:
        self._count()
        now = self.clock.now()
        self.heard = [(s, min(e, now), t) for s, e, t in self.heard if s < now]
        self._clear_at = min(self._clear_at, now)
        self._ledger.drop()

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
        now = min(self.clock.now(), self._clear_at)
        began = self._clear_at - self._ledger.seconds_waiting
        self._ledger.play(max(0.0, now - began))


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
    ) -> None:
        self.replies = list(replies)
        self.takes = takes
        self.abort_takes = abort_takes
        self.asked: list[Question] = []
        self.aborted = 0

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.asked.append(question)
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

    async def synthesize(self, text: str, *, voice: str) -> AsyncGenerator[Samples]:
        self.said.append((voice, text))
        clock = audio_clock()
        await clock.sleep_until(clock.now() + self.takes)
        if text in self.fails:
            raise self.fails[text]
        yield np.full(round(self.seconds * SPEECH_RATE), 1000, np.int16)
        self.on_sound()
