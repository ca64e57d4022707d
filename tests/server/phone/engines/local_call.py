"""A call with the engine local, scripted, on the clock of the audio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pipeline.cast import Persona
from pipeline.config import PipelineConfig, SoundsConfig
from pipeline.engines import Engines
from pipeline.interfaces import Participant
from pipeline.turn_record import TurnRecord
from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import CallPhase
from server.phone.engines.engine import (
    EngineCall,
    EngineEnd,
    EngineEvent,
    PhaseChanged,
    Wish,
    WishRefusedError,
)
from server.phone.engines.local import LocalEngine
from server.phone.engines.local_session import LocalSession, Surroundings
from server.phone.line.media_connection import carry
from server.phone.line.transport import PhoneTransport
from tests.pipeline.fakes import (
    FakeAgent,
    FakeEndOfTurn,
    FakeSpeechToText,
    FakeTextToSpeech,
    FakeVoiceActivity,
    audio_clock,
)
from tests.server.phone.line.far_socket import FarSocket, run

ANN = Participant("+15550001111", "Ann")
KEY = "agent:jarvis:voice:15550001111"
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Told = TypeVar("Told")


class Desk:
    """Takes note of what the engine tells, and grants wishes unless told otherwise."""

    def __init__(self, refusal: str = "") -> None:
        self.told: list[EngineEvent] = []
        self.granted: list[tuple[float, Wish]] = []
        self.refusal = refusal

    def tell(self, event: EngineEvent) -> None:
        self.told.append(event)

    async def grant(self, wish: Wish) -> None:
        if self.refusal:
            raise WishRefusedError(self.refusal)
        self.granted.append((audio_clock().now(), wish))


@dataclass
class LocalCall:
    """What happens in a call, and afterwards what came of it."""

    speech: Sequence[tuple[float, float]] = ()
    said: dict[float, str] = field(default_factory=dict)
    """What is said, by when it begins."""

    replies: tuple[Any, ...] = ()
    opening: str = ""
    protect_opening: bool = False
    hangs_up_at: float = 20.0
    sentence: float = 1.0
    agent_takes: float = 0.5
    silence: float = 100.0
    refusal: str = ""
    acts: Sequence[tuple[float, Callable[[LocalSession], None]]] = ()
    task: str = ""

    def run(self) -> LocalCall:
        run(self._run())
        return self

    async def _run(self) -> None:
        clock = audio_clock()
        self.records: list[TurnRecord] = []
        self.desk = Desk(self.refusal)
        self.agent = FakeAgent(*self.replies, takes=self.agent_takes)
        self.tts = FakeTextToSpeech(seconds=self.sentence)
        heard = {(ANN.id, at): text for at, text in self.said.items()}
        stt = FakeSpeechToText(heard, 0.2)
        quiet = SoundsConfig(earcons=False, thinking=False, words=False)
        engine = LocalEngine(
            Surroundings(
                Engines(FakeVoiceActivity(), FakeEndOfTurn(), stt, self.agent, self.tts),
                PipelineConfig(sounds=quiet),
                LimitsConfig(silence=self.silence),
                clock,
                BEGAN,
                self.records.append,
            ),
            lambda agent: Persona(agent, agent.title(), "deep"),
        )
        line, self.far = PhoneTransport(ANN, clock), FarSocket(clock, self.speech)
        call = EngineCall(
            *("c1", "inbound", ANN, "jarvis", "Jarvis", KEY),
            opening=self.opening,
            protect_opening=self.protect_opening,
            task=self.task,
            still_there="Are you still there?",
            nobody_there="I cannot hear you any more. Goodbye.",
        )
        session = engine.open(call, line, self.desk)
        for at, act in self.acts:
            clock.call_at(at, lambda act=act: act(session))  # type: ignore[misc] - bound in the loop
        clock.call_at(self.hangs_up_at, line.close)
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(self.far.talk())
            watched = _Keys(session)
            carrying = tasks.create_task(carry(self.far, self.far.started(), line, watched))
            self.end: EngineEnd = await session.run()
            self.ended_at = clock.now()
            talking.cancel()
            carrying.cancel()
        line.close()

    def of(self, kind: type[Told]) -> list[Told]:
        """Return what was told of one kind."""
        return [one for one in self.desk.told if isinstance(one, kind)]

    @property
    def phases(self) -> list[CallPhase]:
        return [one.phase for one in self.of(PhaseChanged)]

    @property
    def asked(self) -> list[str]:
        """What the agent was asked, without what the telephone told it."""
        return [one.text.splitlines()[-1] for one in self.agent.asked]


class _Keys:
    def __init__(self, session: LocalSession) -> None:
        self._session = session

    def receive_media(self) -> None:
        pass

    def receive_key(self, digit: str) -> None:
        self._session.press(digit)
