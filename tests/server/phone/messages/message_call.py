"""A call in which a message is left, on the clock of the audio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from pipeline.cast import Persona
from pipeline.config import PipelineConfig
from pipeline.engines import Engines
from pipeline.errors import StageError
from pipeline.interfaces import Participant, VoiceActivityDetector
from server.phone.calls.config import InboundConfig, LimitsConfig
from server.phone.engines.engine import EngineCall, EngineEnd
from server.phone.engines.local_session import Surroundings
from server.phone.line.media_connection import carry
from server.phone.line.transport import PhoneTransport
from server.phone.messages.engine import MessageEngine
from server.phone.messages.session import MessageSession
from tests.pipeline.fakes import (
    FakeAgent,
    FakeSpeechToText,
    FakeTextToSpeech,
    FakeVoiceActivity,
    audio_clock,
)
from tests.server.phone.engines.local_call import Desk
from tests.server.phone.line.far_socket import FarSocket, Watched, run

GREETING = "Nobody is here, please leave a message."
THANKS = "Thank you and goodbye."
ANN = Participant("+15550001111", "Ann")
Told = TypeVar("Told")
Act = Callable[[MessageSession, FarSocket], None]


class Keys(Watched):
    """Passes keys on, as the call does."""

    def __init__(self, session: MessageSession) -> None:
        super().__init__()
        self._session = session

    def receive_key(self, digit: str) -> None:
        self._session.press(digit)


@dataclass
class MessageCall:
    """What happens, and afterwards what came of it. The greeting takes a second, from 0.1 s on."""

    speech: Sequence[tuple[float, float]] = ()
    hangs_up_at: float = 100.0
    acts: Sequence[tuple[float, Act]] = ()
    longest: float = 120.0
    fails: dict[str, StageError] = field(default_factory=dict)
    vad: VoiceActivityDetector | None = None

    def run(self) -> MessageCall:
        run(self._run())
        return self

    async def _run(self) -> None:
        clock = audio_clock()
        self.desk, self.agent = Desk(), FakeAgent(takes=0.1)
        self.stt = FakeSpeechToText({}, 0.1)
        self.tts = FakeTextToSpeech(seconds=1.0, fails=self.fails)
        around = Surroundings(
            Engines(self.vad or FakeVoiceActivity(), None, self.stt, self.agent, self.tts),
            PipelineConfig(),
            LimitsConfig(),
            clock,
            datetime(2026, 1, 2, tzinfo=UTC),
            lambda _: None,
        )
        config = InboundConfig(message_thanks=THANKS, longest_message=self.longest)
        engine = MessageEngine(around, lambda one: Persona(one, one.title(), "deep"), config)
        line, self.far = PhoneTransport(ANN, clock), FarSocket(clock, self.speech)
        call = EngineCall("c1", "inbound", ANN, "jarvis", "Jarvis", "", opening=GREETING)
        session = engine.open(call, line, self.desk)
        for at, act in self.acts:
            clock.call_at(at, lambda act=act: act(session, self.far))  # type: ignore[misc] - bound
        clock.call_at(self.hangs_up_at, line.close)
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(self.far.talk())
            watched = Keys(session)
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
    def said(self) -> list[str]:
        """What the caller was told."""
        return [text for _, text in self.tts.said]
