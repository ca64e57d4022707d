"""The telephone in the service: its public listener, and all calls."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx

from pipeline.clock import Clock, LoopClock
from server.parts import PartState, PartStatus
from server.phone.calls.files import CallFiles
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.limits import MONTH, Limits
from server.phone.calls.people import People
from server.phone.calls.reception import Reception
from server.phone.calls.record import CallRecord
from server.phone.calls.retry import RetryPolicy
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.control.desk import ControlDesk
from server.phone.control.router import phone_router
from server.phone.engines.engine import Engine
from server.phone.live.afterwards import Afterwards
from server.phone.live.approvals import Approvals
from server.phone.live.events import CallEvents
from server.phone.live.kit import CallKit, LastSession, MessageTaking, nowhere
from server.phone.live.own_numbers import OwnNumbers, PhoneAgent
from server.phone.live.restart import Restart
from server.phone.live.retention import Retention
from server.phone.live.session_notes import TellSession
from server.phone.live.switchboard import Switchboard
from server.phone.messages.engine import MessageEngine
from server.phone.messages.message_desk import Attention
from server.phone.provider.twilio import TwilioCalls
from server.phone.public.app import Guards, create_public_app
from server.phone.public.door import Door
from server.phone.public.server import listen, public_server
from server.phone.security.dialling import DiallingRules
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.media_tokens import MediaTokens
from server.phone.security.numbers import Number, parse_number
from server.phone.security.pins import PinGuard, PinRules
from server.phone.security.public_url import PublicUrl
from server.phone.security.replays import ReplayStore
from server.phone.security.signatures import TwilioSignatures
from server.phone.security.webhook_guard import WebhookGuard
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

UNSIGNED: Final = (
    "phone.twilio.validate_signature is off: programs on this machine can pose as Twilio"
)

PAUSE: Final = 30.0
"""Seconds after which a telephone that does not work is tried again."""


class PhoneNotReadyError(Exception):
    """Something that calls need cannot be had; the message says what."""


@dataclass(frozen=True, slots=True)
class PhoneParts:
    """What the telephone gets from the service."""

    agent: PhoneAgent
    """Who talks where the settings of a number name nobody."""

    people: People
    store: CallStore
    engine: Callable[[Clock, datetime], Engine]
    """Makes what talks in calls; gets the conversation clock, and wall time at its zero in UTC."""

    recordings: Path
    """Where recordings lie when the settings name no folder."""

    name_of: Callable[[str], str] = str.capitalize
    """Returns how an agent introduces itself, by its id."""

    find_voice: Callable[[str], str | None] = str
    """Returns a voice as the engine spells it; ``None`` when it has none of that name."""

    last_session: LastSession = nowhere

    transcripts: Path | None = None
    """Where files of calls lie when the settings name no folder; ``None``: in ``transcripts``
    beside the recordings."""

    tell_session: TellSession | None = None
    """Tells OpenClaw sessions what was said in calls that they did not hear; ``None`` without a
    gateway."""

    messages: Callable[[Clock, datetime], MessageEngine] | None = None
    """Makes what takes messages, likewise; ``None``: nobody can leave one."""

    clock: Callable[[], Clock] = LoopClock
    """Makes the clock of calls and of all limits."""

    ready: Callable[[], AbstractAsyncContextManager[object]] = nullcontext
    """Waits for what calls need, and holds it; may raise :class:`PhoneNotReadyError`."""


class PhonePart:
    """Answers and makes calls while the service runs.

    Args:
        config: The telephone's settings.
        parts: What it gets from the service.

    """

    name = "phone"

    def __init__(self, config: PhoneConfig, parts: PhoneParts) -> None:
        self._config = config
        self._parts = parts
        self._problem = ""
        self._port: int | None = None
        self.events = CallEvents()
        """What happens in all calls, for whoever watches."""

        self.approvals = Approvals(config.outbound.approval)
        """Where people approve calls."""

        self.switchboard: Switchboard | None = None
        """All calls; ``None`` while the telephone does not run."""

        folder, country = config.recording.folder or parts.recordings, config.defaults.country
        self.router = phone_router(
            ControlDesk(self, parts.store, folder, country, parts.find_voice)
        )

    @property
    def port(self) -> int | None:
        """The port of the public listener, while it listens."""
        return self._port

    def status(self) -> PartStatus:
        """How the telephone is doing now."""
        if (why := self._off()) is not None:
            return PartStatus(PartState.OFF, why)
        if self._problem:
            return PartStatus(PartState.FAILED, self._problem)
        if self._port is None or self.switchboard is None:
            return PartStatus(PartState.STARTING, "waiting for models, voice and agent")
        calls = len(self.switchboard.calls)
        running = f"{calls} {'call' if calls == 1 else 'calls'}"
        message = f"{self._where}, {running}"
        if not self._config.twilio.validate_signature:
            return PartStatus(PartState.DEGRADED, f"{message}; {UNSIGNED}")
        return PartStatus(PartState.OK, message)

    @property
    def _where(self) -> str:
        """Our number, and where the internet reaches us."""
        return f"{self._config.twilio.from_number} at {self._config.public.base_url}"

    async def run(self) -> None:
        """Answer and make calls until cancelled; calls that go on then are broken off."""
        if (why := self._off()) is not None:
            if self._config.enabled and self._config.twilio.account_sid is not None:
                logger.warning("The telephone is off: %s", why)
            return
        while True:
            try:
                async with self._parts.ready():
                    self._problem = ""
                    await self._work()
                    return
            except* (OSError, StoreError, PhoneNotReadyError) as errors:
                self._tell(_first_of(errors))
            await asyncio.sleep(PAUSE)

    def _tell(self, problem: str) -> None:
        news, self._problem = problem != self._problem, problem
        logger.log(
            logging.ERROR if news else logging.DEBUG, "The telephone does not work: %s", problem
        )

    async def _work(self) -> None:
        clock = self._parts.clock()
        began = datetime.now(UTC) - timedelta(seconds=clock.now())
        taken = self._config.inbound.takes_messages
        make = self._parts.messages if taken else None
        messages = None if make is None else make(clock, began)
        afterwards = self._afterwards(clock, began, messages)
        if not self._config.twilio.validate_signature:
            logger.warning("The telephone: %s", UNSIGNED)
        try:
            async with self._kit(clock, began, afterwards, messages) as kit:
                await self._serve(kit, await self._parts.store.active(), afterwards)
        finally:
            self._port, self.switchboard = None, None

    def _off(self) -> str | None:
        if not self._config.enabled:
            return "phone.enabled is off"
        if missing := self._config.twilio.missing():
            return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"
        if self._config.public.base_url is None:
            return "PUBLIC_URL is not set"
        return None

    def _afterwards(
        self, clock: Clock, began: datetime, messages: MessageEngine | None
    ) -> Afterwards:
        config, parts = self._config, self._parts
        transcripts = parts.transcripts or parts.recordings.with_name("transcripts")
        retention = Retention(
            parts.store,
            CallFiles(config.transcripts.folder or transcripts),
            config.recording.folder or parts.recordings,
            config.transcripts.retention_days,
            config.recording.retention_days,
        )

        def now() -> datetime:
            return began + timedelta(seconds=clock.now())

        heard = None if messages is None else Attention(messages.transcriber(), self.events)
        return Afterwards(retention, parts.store, clock, now, parts.tell_session, heard)

    @asynccontextmanager
    async def _kit(
        self,
        clock: Clock,
        began: datetime,
        afterwards: Afterwards,
        messages: MessageEngine | None,
    ) -> AsyncIterator[CallKit]:
        config, parts = self._config, self._parts
        longest = max(config.limits.longest_inbound, config.limits.longest_outbound)
        past = await parts.store.spent_since(began - MONTH, longest)
        folder = await self._recordings_folder()
        hours = WeeklyHours.of(config.outbound.calling_hours)
        async with httpx.AsyncClient() as client:
            yield CallKit(
                config=config,
                clock=clock,
                began=began,
                provider=TwilioCalls(config.twilio, client, clock, lambda: datetime.now(UTC)),
                store=parts.store,
                engine=parts.engine(clock, began),
                limits=Limits(config.limits, past),
                retry=RetryPolicy(config.retry, hours, config.zone),
                dialling=dialling_rules(config),
                chance=random.random,
                public_url=PublicUrl.parse(config.public.base_url or ""),
                last_session=parts.last_session,
                when_over=(afterwards.call_over,),
                when_changed=afterwards.call_changed,
                recordings=folder,
                messages=None
                if messages is None
                else MessageTaking(messages, await self._folder()),
                events=self.events,
                approvals=self.approvals,
            )

    async def _recordings_folder(self) -> Path | None:
        if self._config.recording.mode not in {"local", "both"}:
            return None
        return await self._folder()

    async def _folder(self) -> Path:
        folder = self._config.recording.folder or self._parts.recordings
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        return folder

    async def _serve(
        self, kit: CallKit, before: Sequence[CallRecord], afterwards: Afterwards
    ) -> None:
        config, clock = self._config, kit.clock
        tokens, proxies = MediaTokens(), TrustedProxies(config.public.trusted_proxies)
        switchboard = Switchboard(
            kit,
            OwnNumbers(config, self._parts.agent, self._parts.name_of),
            self._parts.people,
            Reception(config.inbound, config.greeting, self._parts.people, config.zone),
            tokens,
            pin_guard(config, self._parts.people),
        )
        door = Door(proxies, clock)
        keys = config.twilio
        signatures = TwilioSignatures(keys.auth_tokens(), keys.shared_keys)
        unsigned = not keys.validate_signature
        guard = WebhookGuard(kit.public_url, signatures, ReplayStore(), takes_unsigned=unsigned)
        app = create_public_app(switchboard, Guards(guard, tokens, proxies, door), clock)
        server = public_server(app, door)
        with listen(config.public.host, config.public.port) as listener:
            try:
                async with asyncio.TaskGroup() as tasks:
                    serving = tasks.create_task(server.serve(sockets=[listener]), name="public")
                    running = tasks.create_task(switchboard.run(), name="calls")
                    await switchboard.ready.wait()
                    restart = Restart(kit, switchboard.resume)
                    tasks.create_task(restart.settle(before), name="calls of before")
                    following = tasks.create_task(afterwards.run(), name="calls that are over")
                    self._port, self.switchboard = listener.getsockname()[1], switchboard
                    listening = f"{config.public.host}:{self._port}"
                    logger.info("The telephone listens on %s: %s", listening, self._where)
                    try:
                        await asyncio.wait({serving})
                    finally:
                        running.cancel()
                        following.cancel()
                        server.should_exit = True  # cancelled, it would leave sockets open
                        await asyncio.wait({serving})
            finally:
                door.close_all()


def _first_of(errors: BaseExceptionGroup[BaseException]) -> str:
    """Return the first of some errors, for people; a TaskGroup packs even a single one."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first)


def dialling_rules(config: PhoneConfig) -> DiallingRules:
    """Return which numbers may be called: of our own number's country, when none is set."""
    outbound, own = config.outbound, parse_number(config.twilio.from_number or "")
    country = own.country if isinstance(own, Number) else config.defaults.country
    return DiallingRules(
        frozenset(outbound.countries or (country,)),
        outbound.allow_prefixes,
        outbound.deny_prefixes,
        frozenset(outbound.allow_numbers),
    )


def pin_guard(config: PhoneConfig, people: People) -> PinGuard | None:
    """Return the PINs of callers; ``None`` when there is none."""
    inbound, of_people = config.inbound, people.pins
    if inbound.pin is None and not of_people:
        return None
    rules = PinRules(inbound.pin_attempts, inbound.pin_failures, inbound.pin_lockout)
    return PinGuard(inbound.pin, rules, of_people)
