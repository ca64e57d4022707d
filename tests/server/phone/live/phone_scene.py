"""A telephone with a scripted engine, the real store, and the fake Twilio over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import SecretStr

from pipeline.clock import Clock, LoopClock, Timer
from server.phone.calls.config import InboundConfig, LimitsConfig, RetryConfig
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.limits import Limits
from server.phone.calls.people import People, Person
from server.phone.calls.reception import Reception
from server.phone.calls.record import CallRecord
from server.phone.calls.retry import RetryPolicy
from server.phone.calls.status import CallPhase, EndReason
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.config_providers import PublicConfig, TwilioConfig
from server.phone.engines.engine import (
    AgentSaid,
    CallDesk,
    EngineCall,
    EngineEnd,
    EngineLine,
    PhaseChanged,
    Wish,
    WishRefusedError,
)
from server.phone.live.approvals import Approvals
from server.phone.live.kit import CallKit
from server.phone.live.own_numbers import OwnNumbers, PhoneAgent
from server.phone.live.switchboard import Switchboard
from server.phone.provider.twilio import TwilioCalls
from server.phone.public.app import Guards, create_public_app
from server.phone.public.door import Door
from server.phone.public.server import listen, public_server
from server.phone.security.callers import Assurance
from server.phone.security.dialling import DiallingRules
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.media_tokens import MediaTokens
from server.phone.security.pins import PinGuard
from server.phone.security.public_url import PublicUrl
from server.phone.security.replays import ReplayStore
from server.phone.security.signatures import TwilioSignatures
from server.phone.security.webhook_guard import WebhookGuard
from server.store.database import open_database
from tests.peers.telephone_sound import encode_g711
from tests.peers.twilio import FakeTwilio
from tests.peers.twilio.server import OWN_NUMBER
from tests.server.phone.live.tone import tone

HOST = "phone.example.test"
BASE = f"https://{HOST}"
VOICE, STATUS = f"{BASE}/voice", f"{BASE}/status"
TOKEN = "fake-auth-token"
ANN = "+15550001111"
BEN = "+15550002222"
OPENING = "Hello this is Jarvis"
TOLD = "I am an AI assistant. What we say is written down."


class FastClock(LoopClock):
    """The clock of a telephone network that runs faster."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def now(self) -> float:
        return super().now() * self._speed

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        return super().call_at(at / self._speed, callback)


class ScriptedSession:
    """Says the opening as a tone, does what the test wants, and listens until the call is over."""

    def __init__(
        self, engine: ScriptedEngine, call: EngineCall, line: EngineLine, desk: CallDesk
    ) -> None:
        self._engine = engine
        self._line = line
        self._desk = desk
        self._end: asyncio.Future[EngineEnd] = asyncio.get_running_loop().create_future()
        self.call = call
        self.keys = ""
        self.heard = 0
        self.informed: list[str] = []
        self.refused: list[str] = []
        self.told: list[tuple[Any, Any]] = []

    async def run(self) -> EngineEnd:
        self._engine.sessions.append(self)
        clock = self._engine.clock
        at = clock.now()
        self._desk.tell(PhaseChanged(CallPhase.SPEAKING))
        self._line.play_ulaw(1, encode_g711(tone(self._engine.opening_seconds)))
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen())
            acting = tasks.create_task(self._act())
            end = await self._end
            listening.cancel()
            acting.cancel()
        seconds = self._line.ledger.seconds_played(1)
        cut = seconds < self._engine.opening_seconds - 0.01
        text = self.call.opening or OPENING
        self._desk.tell(AgentSaid(at, text, text, seconds, interrupted=cut))
        return end

    async def _listen(self) -> None:
        async for ulaw in self._line.caller_ulaw():
            self.heard += len(ulaw)
        self.end(EngineEnd(EndReason.HUNG_UP))

    async def _act(self) -> None:
        for act in self._engine.acts:
            await act(self)

    def end(self, end: EngineEnd) -> None:
        if not self._end.done():
            self._end.set_result(end)

    async def said(self) -> None:
        """Wait until the opening was heard."""
        await self._line.drain()

    async def want(self, wish: Wish) -> None:
        try:
            await self._desk.grant(wish)
        except WishRefusedError as error:
            self.refused.append(str(error))

    def press(self, digit: str) -> None:
        self.keys += digit

    def say(self, text: str, *, interrupt: bool = False) -> None:
        self.told.append((text, interrupt))

    def inform(self, text: str) -> None:
        self.informed.append(text)

    def update(self, *, instructions: str | None = None, voice: str | None = None) -> None:
        self.told.append((instructions, voice))

    def finish(self, words: str, reason: EndReason) -> None:
        self._engine.last_words.append(words)
        self.end(EngineEnd(reason))


Act = Callable[[ScriptedSession], Coroutine[Any, Any, None]]


class ScriptedEngine:
    name = "local"
    keeps_session = True

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sessions: list[ScriptedSession] = []
        self.acts: list[Act] = []
        self.last_words: list[str] = []
        self.opening_seconds = 0.5

    def open(self, call: EngineCall, line: EngineLine, desk: CallDesk) -> ScriptedSession:
        return ScriptedSession(self, call, line, desk)


@dataclass
class Phone:
    twilio: FakeTwilio
    switchboard: Switchboard
    engine: ScriptedEngine
    store: CallStore
    kit: CallKit

    async def ended(self, count: int = 1) -> list[CallRecord]:
        """Wait until all calls are over; return their records, with transcripts, oldest first."""
        for _ in range(2000):
            if not self.switchboard.calls and not await self.store.active():
                break
            await asyncio.sleep(0.01)
        records = {}
        for sid in self.twilio.calls:
            if (record := await self.store.get(sid)) is not None:
                records[record.id] = record
        assert len(records) == count
        return list(records.values())


@dataclass
class Setup:
    speed: float = 8.0
    inbound: InboundConfig = field(default_factory=lambda: InboundConfig(policy="open"))
    limits: LimitsConfig = field(
        default_factory=lambda: LimitsConfig(
            concurrent_calls=30,
            concurrent_outbound=30,
            total={},
            per_number={},
        )
    )
    retry: RetryConfig = field(default_factory=lambda: RetryConfig(max_attempts=1))
    people: tuple[Person, ...] = ()
    required: Assurance = Assurance.CLAIMED
    recordings: Path | None = None
    kit: dict[str, Any] = field(default_factory=dict)
    """What else calls share."""

    more: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def telephone(folder: Path, setup: Setup | None = None) -> AsyncIterator[Phone]:
    setup = setup or Setup()
    clock = FastClock(setup.speed)
    began = datetime.now(UTC) - timedelta(seconds=clock.now())
    async with FakeTwilio(speed=setup.speed) as twilio, httpx.AsyncClient(trust_env=False) as http:
        twilio.numbers[OWN_NUMBER] |= {"VoiceUrl": VOICE, "StatusCallback": STATUS}
        config = PhoneConfig(
            twilio=TwilioConfig(
                account_sid=twilio.account_sid,
                auth_token=SecretStr(TOKEN),
                from_number=OWN_NUMBER,
                api_base=twilio.api_base,
            ),
            public=PublicConfig(base_url=BASE),
            inbound=setup.inbound,
            limits=setup.limits,
            retry=setup.retry,
            **setup.more,
        )
        zone, people = ZoneInfo("UTC"), People(setup.people, setup.required)
        async with open_database(folder) as database:
            store, limits = CallStore(database), Limits(config.limits)
            kit = CallKit(
                config=config,
                clock=clock,
                began=began,
                provider=TwilioCalls(config.twilio, http, clock, lambda: datetime.now(UTC)),
                store=store,
                engine=(engine := ScriptedEngine(clock)),
                limits=limits,
                retry=RetryPolicy(config.retry, WeeklyHours.of({}), zone),
                dialling=DiallingRules(frozenset({"US"})),
                chance=lambda: 0.5,
                public_url=PublicUrl.parse(BASE),
                recordings=setup.recordings,
                approvals=Approvals(config.outbound.approval),
                **setup.kit,
            )
            tokens, pin = MediaTokens(), config.inbound.pin
            switchboard = Switchboard(
                kit,
                OwnNumbers(config, PhoneAgent("jarvis", "Jarvis"), str.capitalize),
                people,
                Reception(config.inbound, config.greeting, people, zone),
                tokens,
                PinGuard(pin, of_people=people.pins) if pin or people.pins else None,
            )
            async with _listening(switchboard, tokens, clock, twilio):
                yield Phone(twilio, switchboard, engine, store, kit)


@asynccontextmanager
async def _listening(
    switchboard: Switchboard, tokens: MediaTokens, clock: Clock, twilio: FakeTwilio
) -> AsyncIterator[None]:
    proxies = TrustedProxies(["127.0.0.0/8"])
    door = Door(proxies, clock)
    guard = WebhookGuard(PublicUrl.parse(BASE), TwilioSignatures([SecretStr(TOKEN)]), ReplayStore())
    server = public_server(
        create_public_app(switchboard, Guards(guard, tokens, proxies, door), clock), door
    )
    with listen("127.0.0.1", 0) as socket:
        twilio.tunnel(HOST, socket.getsockname()[1])
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve(sockets=[socket]))
            running = tasks.create_task(switchboard.run())
            await switchboard.ready.wait()
            async with asyncio.timeout(60):
                yield
            running.cancel()
            server.should_exit = True
            await serving
    door.close_all()
