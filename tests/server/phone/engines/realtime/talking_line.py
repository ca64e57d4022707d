"""A line on which somebody speaks and listens, and a desk that takes notes: for engine tests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from pydantic import SecretStr

from pipeline.clock import LoopClock
from pipeline.interfaces import HeardEvent, Participant, Question, ReplyAudio, Volume
from pipeline.ledger import PlaybackLedger
from server.phone.audio.g711 import ULAW_SILENCE, encode_ulaw
from server.phone.calls.config import LimitsConfig
from server.phone.config_providers import OpenAIConfig
from server.phone.engines.engine import EngineCall, EngineEvent, Wish, WishRefusedError
from server.phone.engines.realtime.session import RealtimeSession, Surroundings
from tests.peers.openai_realtime import FakeOpenAI

Kind = TypeVar("Kind")
FRAME = 160
ANN = Participant("+15550001111", "Ann")
CALL = EngineCall(
    id="c1",
    direction="inbound",
    caller=ANN,
    agent="main",
    agent_name="Nia",
    session_key="agent:main:voice:15550001111",
    opening="Hello, this is Nia, an AI assistant.",
)


def config(fake: FakeOpenAI | None = None, **changes: object) -> OpenAIConfig:
    """Return settings that lead to the fake."""
    url = fake.websocket_url if fake is not None else "ws://127.0.0.1:9/v1"
    key = SecretStr(fake.api_key if fake is not None else "sk-fake")
    settings = {"websocket_base_url": url, "api_key": key, "turn_detection": "server_vad"}
    return OpenAIConfig.model_validate(settings | changes)


def speech(seconds: float) -> bytes:
    """Return mu-law as loud as speech."""
    noise = np.random.default_rng(1).normal(0, 4000, round(8000 * seconds))
    return encode_ulaw(np.clip(noise, -30_000, 30_000).astype(np.int16))


def silence(seconds: float) -> bytes:
    return ULAW_SILENCE * round(8000 * seconds)


class Line:
    """Plays what it gets at the pace of the clock, and lets a test speak into it."""

    def __init__(self, clock: LoopClock, speed: float = 1.0) -> None:
        self._clock = clock
        self._speed = speed
        self._ledger = PlaybackLedger()
        self._at = clock.now()
        self._caller: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.ear: dict[int, float] = {}
        """Seconds that were heard of each piece, by this line's own account."""

        self._queued: deque[list[float]] = deque()
        self.stops = 0

    @property
    def ledger(self) -> PlaybackLedger:
        now = self._clock.now()
        elapsed, self._at = (now - self._at) * self._speed, now
        self._ledger.play(elapsed)
        while self._queued and elapsed > 0:
            taken = min(elapsed, self._queued[0][1])
            piece = int(self._queued[0][0])
            self.ear[piece] = self.ear.get(piece, 0.0) + taken
            self._queued[0][1] -= taken
            elapsed -= taken
            if self._queued[0][1] <= 1e-9:
                self._queued.popleft()
        return self._ledger

    def participants(self) -> Sequence[Participant]:
        return (ANN,)

    def events(self) -> AsyncIterator[HeardEvent]:
        raise NotImplementedError

    async def caller_ulaw(self) -> AsyncIterator[bytes]:
        while (sound := await self._caller.get()) is not None:
            yield sound

    def play_ulaw(self, piece: int, ulaw: bytes, *, text: str = "") -> None:
        self.ledger.queue(piece, text, len(ulaw) / 8000)
        self._queued.append([float(piece), len(ulaw) / 8000])

    async def play(self, audio: ReplyAudio) -> None:
        raise NotImplementedError

    async def drain(self) -> None:
        while (left := self.ledger.seconds_waiting) > 0:  # noqa: ASYNC110 - the line plays by the clock
            await asyncio.sleep(left / self._speed)

    def set_volume(self, volume: Volume) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stops += 1
        self.ledger.drop()
        self._queued.clear()

    # For tests

    async def speak(self, seconds: float, *, pause: float = 0.0) -> None:
        """Let the caller speak, at the pace of the clock, and be silent then."""
        for sound in (speech(seconds), silence(pause)):
            for start in range(0, len(sound), FRAME):
                self._caller.put_nowait(sound[start : start + FRAME])
                await asyncio.sleep(0.02 / self._speed)

    async def flood(self, frames: int) -> None:
        """Let more sound come than time has passed."""
        for _ in range(frames):
            self._caller.put_nowait(ULAW_SILENCE * 8000)
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        self._caller.put_nowait(None)


@dataclass(slots=True)
class Desk:
    told: list[EngineEvent] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    refusal: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: EngineEvent) -> None:
        self.told.append(event)
        self.news.set()

    async def grant(self, wish: Wish) -> None:
        self.wishes.append(wish)
        if self.refusal:
            raise WishRefusedError(self.refusal)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.told if isinstance(event, kind)]

    async def until(self, kind: type[Kind], count: int = 1) -> list[Kind]:
        """Wait until so many events of a kind were told."""
        async with asyncio.timeout(15):
            while len(self.of(kind)) < count:
                self.news.clear()
                await self.news.wait()
        return self.of(kind)


class ScriptedAgent:
    """Answers what it is told to, after a while."""

    asks_ahead = False

    def __init__(self, *pieces: str, delay: float = 0.0, error: Exception | None = None) -> None:
        self._pieces, self._delay, self._error = pieces, delay, error
        self.questions: list[Question] = []
        self.closed = 0

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.questions.append(question)
        try:
            await asyncio.sleep(self._delay)
            if self._error is not None:
                raise self._error
            for piece in self._pieces:
                yield piece
        finally:
            self.closed += 1


class Talk:
    """A call against the fake."""

    def __init__(
        self,
        fake: FakeOpenAI,
        *,
        call: EngineCall = CALL,
        agent: ScriptedAgent | None = None,
        limits: LimitsConfig | None = None,
        ask_timeout: float = 30.0,
        speed: float = 1.0,
        **settings: object,
    ) -> None:
        self.clock = LoopClock()
        self.line = Line(self.clock, speed)
        self.desk = Desk()
        self.agent = agent or ScriptedAgent("Nothing.")
        around = Surroundings(
            config(fake, **settings), limits or LimitsConfig(), self.agent, self.clock, ask_timeout
        )
        self.session = RealtimeSession(call, self.line, self.desk, around)
