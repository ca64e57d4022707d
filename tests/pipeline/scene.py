"""A whole conversation, scripted, with exact times on the audio clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline.cast import Cast, Persona
from pipeline.clock import AudioTimeLoop
from pipeline.config import PipelineConfig, RelevanceConfig, SoundsConfig, TurnsConfig
from pipeline.conversation import Conversation
from pipeline.engines import Engines
from pipeline.judgement import NamedAgent
from pipeline.relevance import Relevance
from pipeline.second_opinion import SecondOpinion
from pipeline.turn_record import TurnRecord
from pipeline.voice_choice import VoiceChoices
from tests.pipeline.fakes import (
    FakeAgent,
    FakeEndOfTurn,
    FakeSpeechToText,
    FakeTextToSpeech,
    FakeTransport,
    FakeVoiceActivity,
    Script,
    audio_clock,
)

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Scene:
    """What happens, and afterwards what came of it."""

    script: Script
    said: dict = field(default_factory=dict)
    scores: tuple[float | None, ...] = ()
    replies: tuple = ()
    fails: dict = field(default_factory=dict)
    closes_at: float = 30.0
    leaves: tuple[tuple[str, float], ...] = ()
    people: tuple[str, ...] = ("ann",)
    speech: float = 2.0
    relevance: bool = True
    turns: TurnsConfig = field(default_factory=TurnsConfig)
    sounds: SoundsConfig = field(
        default_factory=lambda: SoundsConfig(earcons=False, thinking=False, words=False)
    )
    no_model: bool = False
    cancel_at: float | None = None
    broken: tuple[str, ...] = ()
    on_sound: Callable[[Conversation], None] = lambda _: None
    agent_takes: float = 0.5
    asks_ahead: bool = False
    sensitivity: str = "medium"
    abort_takes: float = 0.0
    score_takes: float = 0.02
    make_transport: Callable[..., FakeTransport] = FakeTransport
    vad_takes: float = 0.0
    stt_takes: float = 0.3
    tool: str = ""
    """That the agent uses for every answer."""

    voices: VoiceChoices = field(default_factory=VoiceChoices)
    judge: FakeAgent | None = None
    """Gives second opinions."""

    reads: bool = False
    """Whether people can read what is shown."""

    shown: list[tuple[str, float]] = field(default_factory=list)
    """What was, and when."""

    def run(self) -> Scene:
        self.records: list[TurnRecord] = []
        with asyncio.Runner(loop_factory=lambda: AudioTimeLoop(measure=False)) as runner:
            runner.run(self._run())
        return self

    async def _run(self) -> None:
        self.transport = self.make_transport(
            self.script,
            closes_at=self.closes_at,
            leaves=self.leaves,
            people=self.people,
            broken=self.broken,
        )
        self.agent = FakeAgent(
            *self.replies,
            takes=self.agent_takes,
            abort_takes=self.abort_takes,
            asks_ahead=self.asks_ahead,
        )
        self.agent.tool = self.tool
        self.tts = FakeTextToSpeech(seconds=self.speech, fails=self.fails)
        self.stt = FakeSpeechToText(self.said, self.stt_takes)
        self.vad = FakeVoiceActivity(self.vad_takes)
        relevance = Relevance(
            RelevanceConfig(sensitivity=self.sensitivity),
            [NamedAgent("jarvis", ("jarvis",)), NamedAgent("sage", ("sage",))],
        )
        conversation = Conversation(
            "demo",
            transport=self.transport,
            engines=Engines(
                self.vad,
                None if self.no_model else FakeEndOfTurn(*self.scores, takes=self.score_takes),
                self.stt,
                self.agent,
                self.tts,
            ),
            cast=Cast(
                {
                    "jarvis": Persona("jarvis", "Jarvis", "deep"),
                    "sage": Persona("sage", "Sage", "bright"),
                },
                "jarvis",
                relevance if self.relevance else None,
                second_opinion=SecondOpinion(self.judge, lambda _: None) if self.judge else None,
                voices=self.voices,
                show=self._show if self.reads else None,
            ),
            clock=audio_clock(),
            config=PipelineConfig(turns=self.turns, sounds=self.sounds),
            began=BEGAN,
            on_turn=self.records.append,
        )
        self.tts.on_sound = lambda: self.on_sound(conversation)
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: complaints.append(context)
        )
        task = asyncio.create_task(conversation.run())
        if self.cancel_at is not None:
            await audio_clock().sleep_until(self.cancel_at)
            task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
        self.ended_at = audio_clock().now()
        assert complaints == []
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []
        assert not any(voice.open for voice in self.vad.voices)

    def _show(self, agent: str, text: str) -> None:
        self.shown.append((text, audio_clock().now()))

    @property
    def record(self) -> TurnRecord:
        [record] = self.records
        return record
