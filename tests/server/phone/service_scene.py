"""The telephone as the service runs it, both engines, against the fakes over real sockets.

Ears, voice and agent are scripted; everything else is what ships, on a clock that may run faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import SecretStr

from pipeline.audio import SPEECH_RATE, Samples
from pipeline.cast import Persona
from pipeline.clock import Clock
from pipeline.config import PipelineConfig, SoundsConfig
from pipeline.engines import Engines
from pipeline.interfaces import Question, Segment, Transcript
from pipeline.word_times import WordTimes
from server.parts import PartState
from server.phone.calls.config import InboundConfig, LimitsConfig, RetryConfig
from server.phone.calls.people import People
from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRequest
from server.phone.calls.status import EndReason
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.config_providers import PublicConfig, TwilioConfig
from server.phone.engines.engine import Engine
from server.phone.engines.local import LocalEngine
from server.phone.engines.local_session import Surroundings
from server.phone.engines.realtime.engine import RealtimeEngine
from server.phone.engines.realtime.session import Surroundings as RealtimeSurroundings
from server.phone.live.own_numbers import PhoneAgent
from server.phone.live.switchboard import Switchboard
from server.phone.part import PhonePart, PhoneParts
from server.store.database import open_database
from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.peers.telephone_sound import FRAME_BYTES, decode_g711, loudness
from tests.peers.twilio import Call, FakeTwilio, Person
from tests.peers.twilio.person import AUDIBLE, FRAME_SECONDS, Step
from tests.peers.twilio.server import OWN_NUMBER
from tests.peers.twilio.stream_record import StreamRecord
from tests.server.phone.live.phone_scene import ANN, BASE, HOST, STATUS, TOKEN, VOICE, FastClock

LOUD = 500
TASK = "Book a table for two."
HORSES = "tell me about horses"
SHORTLY = {"inbound": "Hello.", "outbound": "Hello.", "disclosure": "I am an AI."}


class Voice:
    """Takes whatever is loud for speech."""

    async def score(self, window: Samples) -> float:
        return 1.0 if np.abs(window).max() > LOUD else 0.0

    def reset(self) -> None: ...

    def close(self) -> None: ...


class Ears:
    def open(self) -> Voice:
        return Voice()


class Pauses:
    """Takes every pause for the end of a turn."""

    async def score(self, samples: Samples) -> float:
        return 1.0


class Words:
    def __init__(self, text: str) -> None:
        self._text = text

    def commit(self) -> None: ...

    def cancel(self) -> None: ...

    async def transcript(self) -> Transcript:
        return Transcript(self._text)


@dataclass
class Recogniser:
    """Understands the same whatever is said."""

    text: str = HORSES

    def start(self, samples: Samples, segment: Segment, *, hotwords: Sequence[str] = ()) -> Words:
        return Words(self.text)


@dataclass
class Agent:
    """Answers callers by their numbers, after a while on the clock of the call."""

    replies: Mapping[str, str] = field(default_factory=dict)
    reply: str = "It is noon."
    seconds: float = 0.1
    asked: list[Question] = field(default_factory=list)
    clock: Clock | None = None
    asks_ahead = False

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        self.asked.append(question)
        assert self.clock is not None
        await self.clock.sleep_until(self.clock.now() + self.seconds)
        yield self.replies.get(question.speaker.id, self.reply)


@dataclass
class Speaker:
    """Says every word as a tone of the same length."""

    word: float

    async def synthesize(
        self, text: str, *, voice: str, speed: float | None = None, times: WordTimes | None = None
    ) -> AsyncGenerator[Samples]:
        at = np.arange(round(SPEECH_RATE * self.word * len(text.split()))) / SPEECH_RATE
        yield (8000 * np.sin(2 * np.pi * 300 * at)).astype(np.int16)

    async def warm(self) -> None: ...


@dataclass
class Setup:
    """How a telephone is meant."""

    speed: float = 8.0
    engine: str = "local"
    agent: Agent = field(default_factory=Agent)
    recogniser: Recogniser = field(default_factory=Recogniser)
    word: float = 0.1
    """Seconds that a word of our own voice takes."""

    script: Sequence[Any] = ()
    """What the Realtime model does, response after response."""

    inbound: InboundConfig = field(default_factory=lambda: InboundConfig(policy="open"))
    limits: LimitsConfig = field(
        default_factory=lambda: LimitsConfig(
            concurrent_calls=30, concurrent_outbound=30, total={}, per_number={}, silence=60.0
        )
    )
    twilio: dict[str, Any] = field(default_factory=dict)
    public: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    """What else the telephone gets from the service."""


@dataclass
class Telephone:
    """A telephone that runs."""

    twilio: FakeTwilio
    openai: FakeOpenAI
    part: PhonePart
    store: CallStore
    agent: Agent

    @property
    def switchboard(self) -> Switchboard:
        assert self.part.switchboard is not None
        return self.part.switchboard

    @property
    def port(self) -> int:
        assert self.part.port is not None
        return self.part.port

    async def ring_in(self, *steps: Step, from_: str = ANN, **more: Any) -> Call:
        return await self.twilio.ring_in(from_, VOICE, steps=steps, status_url=STATUS, **more)

    async def place(self, to: str, person: Person, **more: Any) -> CallRecord:
        self.twilio.add_person(to, person)
        return await self.switchboard.place(CallRequest(to, TASK, **more))

    async def record(self, name: str) -> CallRecord:
        """Wait until a call is over; return its record, with its transcript.

        Args:
            name: Our id of it, or Twilio's.

        """
        async with asyncio.timeout(30):
            while True:
                record = await self.store.get(name)
                if record is not None and record.status.is_final and _is_whole(record):
                    return record
                await asyncio.sleep(0.01)

    async def idle(self) -> None:
        """Wait until nothing of any call is left."""
        async with asyncio.timeout(30):
            while self.switchboard.calls or await self.store.active():  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)


def _is_whole(record: CallRecord) -> bool:
    """Return whether all is known of a call that is over: what it cost is last."""
    return record.cost is not None or record.end_reason is EndReason.RESTART


def settings(twilio: FakeTwilio, openai: FakeOpenAI, setup: Setup) -> PhoneConfig:
    account = {
        "account_sid": twilio.account_sid,
        "auth_token": SecretStr(TOKEN),
        "from_number": OWN_NUMBER,
        "api_base": twilio.api_base,
        "ring_timeout": 5,
    }
    model = {
        "api_key": SecretStr(openai.api_key),
        "websocket_base_url": openai.websocket_url,
        "turn_detection": "server_vad",
        "silence": 0.3,
    }
    return PhoneConfig(
        engine=setup.engine,
        twilio=TwilioConfig(**(account | setup.twilio)),
        openai=model,
        public=PublicConfig(base_url=BASE, port=0, **setup.public),
        inbound=setup.inbound,
        limits=setup.limits,
        **{"retry": RetryConfig(max_attempts=1), "greeting": SHORTLY, **setup.more},
    )


def engine_of(setup: Setup, config: PhoneConfig, clock: Clock, began: datetime) -> Engine:
    setup.agent.clock = clock
    if setup.engine == "realtime":
        around = RealtimeSurroundings(config.openai, config.limits, setup.agent, clock)
        return RealtimeEngine(around)
    engines = Engines(Ears(), Pauses(), setup.recogniser, setup.agent, Speaker(setup.word))
    quiet = PipelineConfig(sounds=SoundsConfig(earcons=False, thinking=False, words=False))
    local = Surroundings(engines, quiet, config.limits, clock, began, lambda _: None)
    return LocalEngine(local, lambda one: Persona(one, one.title(), "default"))


@asynccontextmanager
async def running(
    folder: Path, twilio: FakeTwilio, openai: FakeOpenAI, setup: Setup
) -> AsyncIterator[Telephone]:
    """Run a telephone on peers that are there already, so that it can stop and come back."""
    config = settings(twilio, openai, setup)
    async with open_database(folder) as database:
        store = CallStore(database)
        parts = PhoneParts(
            PhoneAgent("jarvis", "Jarvis"),
            People([]),
            store,
            lambda clock, began: engine_of(setup, config, clock, began),
            folder / "recordings",
            clock=lambda: FastClock(setup.speed),
            **setup.parts,
        )
        part = PhonePart(config, parts)
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(part.run())
            while part.status().state is PartState.STARTING:  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.01)
            assert part.port is not None, part.status()
            twilio.tunnel(HOST, part.port)
            async with asyncio.timeout(60):
                yield Telephone(twilio, openai, part, store, setup.agent)
            serving.cancel()


@asynccontextmanager
async def telephone(folder: Path, setup: Setup | None = None) -> AsyncIterator[Telephone]:
    """Run a telephone and everything it talks with."""
    setup = setup or Setup()
    script = setup.script or [Say("Hello.", 0.5)] * 40
    async with (
        FakeTwilio(speed=setup.speed) as twilio,
        FakeOpenAI(script, speed=setup.speed) as openai,
        running(folder, twilio, openai, setup) as phone,
    ):
        yield phone
        assert not any(session.errors for session in openai.sessions)


def heard_after_each(stream: StreamRecord) -> list[float]:
    """Return how many seconds the caller heard after each thing they said, until the next was said.

    Gaps do not count, so that a machine that stops for a moment changes nothing.
    """
    starts = range(0, min(len(stream.caller_sound), len(stream.heard_sound)), FRAME_BYTES)
    said, heard = (
        [loudness(decode_g711(bytes(sound[at : at + FRAME_BYTES]))) > AUDIBLE for at in starts]
        for sound in (stream.caller_sound, stream.heard_sound)
    )
    seconds: list[float] = []
    for before, now, audible in zip([False, *said], said, heard, strict=False):
        if before and not now:
            seconds.append(0.0)
        if seconds and audible:
            seconds[-1] += FRAME_SECONDS
    return seconds


def pause(speed: float) -> float:
    """Return how long a silence is at least by which people know that somebody has finished.

    A busy machine may stop for a tenth of a second of its own, and people must not mind.
    """
    return 0.3 + 0.1 * speed


def number(index: int) -> str:
    """Return a number that is nobody else's."""
    return f"+1555000{index:04}"
