"""The models and servers a conversation works with, and how they share its clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pipeline.audio import Samples
from pipeline.clock import Clock
from pipeline.interfaces import (
    Agent,
    EndOfTurnDetector,
    Question,
    Recognition,
    Segment,
    SpeechToText,
    TextToSpeech,
    Transcript,
    VoiceActivityDetector,
    VoiceStream,
)
from pipeline.loudness import VoiceLevels
from pipeline.wait_times import WaitTimes
from pipeline.word_times import WordTimes


@dataclass(frozen=True, slots=True)
class Engines:
    """What a conversation hears, thinks and speaks with; shared by all of a process."""

    vad: VoiceActivityDetector
    end_of_turn: EndOfTurnDetector | None
    """``None`` when there is no model: silence alone ends turns."""

    stt: SpeechToText
    agent: Agent
    tts: TextToSpeech
    wait_times: WaitTimes = field(default_factory=WaitTimes)
    """How long the agents took so far."""

    levels: VoiceLevels = field(default_factory=VoiceLevels)
    """How loud the voices are."""


def hold(engines: Engines, clock: Clock) -> Engines:
    """Return the engines with conversation time held while they work.

    On the audio clock (``demo --fast``) time would else run on while a model
    computes or a server is waited for. An agent that waits on the conversation
    clock itself must not be held.
    """
    detector = engines.end_of_turn
    return replace(
        engines,
        vad=_HeldVoiceActivity(engines.vad, clock),
        end_of_turn=None if detector is None else _HeldEndOfTurn(detector, clock),
        stt=_HeldSpeechToText(engines.stt, clock),
        agent=_HeldAgent(engines.agent, clock),
        tts=_HeldTextToSpeech(engines.tts, clock),
    )


@dataclass(frozen=True, slots=True)
class _HeldVoice:
    voice: VoiceStream
    clock: Clock

    async def score(self, window: Samples) -> float:
        with self.clock.work():
            return await self.voice.score(window)

    def reset(self) -> None:
        self.voice.reset()

    def close(self) -> None:
        self.voice.close()


@dataclass(frozen=True, slots=True)
class _HeldVoiceActivity:
    detector: VoiceActivityDetector
    clock: Clock

    def open(self) -> VoiceStream:
        return _HeldVoice(self.detector.open(), self.clock)


@dataclass(frozen=True, slots=True)
class _HeldEndOfTurn:
    detector: EndOfTurnDetector
    clock: Clock

    async def score(self, samples: Samples) -> float:
        with self.clock.work():
            return await self.detector.score(samples)


@dataclass(frozen=True, slots=True)
class _HeldRecognition:
    recognition: Recognition
    clock: Clock

    def commit(self) -> None:
        self.recognition.commit()

    def cancel(self) -> None:
        self.recognition.cancel()

    async def transcript(self) -> Transcript:
        with self.clock.work():
            return await self.recognition.transcript()


@dataclass(frozen=True, slots=True)
class _HeldSpeechToText:
    stt: SpeechToText
    clock: Clock

    def start(
        self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()
    ) -> Recognition:
        return _HeldRecognition(self.stt.start(samples, segment, hotwords=hotwords), self.clock)


@dataclass(frozen=True, slots=True)
class _HeldAgent:
    agent: Agent
    clock: Clock

    @property
    def asks_ahead(self) -> bool:
        return self.agent.asks_ahead

    def ask(self, question: Question) -> AsyncGenerator[str]:
        return _held(self.agent.ask(question), self.clock)


@dataclass(frozen=True, slots=True)
class _HeldTextToSpeech:
    tts: TextToSpeech
    clock: Clock

    def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        return _held(self.tts.synthesize(text, voice=voice, speed=speed, times=times), self.clock)

    async def warm(self) -> None:
        await self.tts.warm()


Piece = TypeVar("Piece")


async def _held(stream: AsyncGenerator[Piece], clock: Clock) -> AsyncGenerator[Piece]:
    """Pass a stream on, holding time while its next piece is awaited."""
    async with aclosing(stream) as pieces:
        while True:
            with clock.work():
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    return
            yield piece
