"""The telephone in the service: its public listener, and all calls."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from pipeline.clock import Clock, LoopClock
from server.parts import PartState, PartStatus
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.limits import MONTH, Limits
from server.phone.calls.people import People
from server.phone.calls.reception import Reception
from server.phone.calls.record import CallRecord
from server.phone.calls.retry import RetryPolicy
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.engines.engine import Engine
from server.phone.live.kit import CallKit
from server.phone.live.planning import PhoneAgent
from server.phone.live.restart import Restart
from server.phone.live.switchboard import Switchboard
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


@dataclass(frozen=True, slots=True)
class PhoneParts:
    """What the telephone gets from the service."""

    agent: PhoneAgent
    people: People
    store: CallStore
    engine: Callable[[Clock, datetime], Engine]
    """Makes what talks in calls; gets the conversation clock, and wall time at its zero in UTC."""

    recordings: Path
    """Where recordings lie when the settings name no folder."""


class PhonePart:
    """Answers and makes calls while the service runs.

    Args:
        config: The telephone's settings.
        parts: What it gets from the service.

    """

    name = "phone"
    router = None

    def __init__(self, config: PhoneConfig, parts: PhoneParts) -> None:
        self._config = config
        self._parts = parts
        self._problem = ""
        self._port: int | None = None
        self.switchboard: Switchboard | None = None
        """All calls; ``None`` while the telephone does not run."""

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
            return PartStatus(PartState.STARTING, "opening the public listener")
        calls = len(self.switchboard.calls)
        running = f"{calls} {'call' if calls == 1 else 'calls'}"
        number = self._config.twilio.from_number
        return PartStatus(PartState.OK, f"{number} at {self._config.public.base_url}, {running}")

    async def run(self) -> None:
        """Answer and make calls until cancelled; calls that go on then are broken off."""
        if self._off() is not None:
            return
        clock, began = LoopClock(), datetime.now(UTC)
        try:
            async with self._kit(clock, began) as kit:
                await self._serve(kit, await self._parts.store.active())
        except (OSError, StoreError) as error:
            self._problem = str(error)
            logger.error("The telephone does not work: %s", error)  # noqa: TRY400 - no bug
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

    @asynccontextmanager
    async def _kit(self, clock: Clock, began: datetime) -> AsyncIterator[CallKit]:
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
                recordings=folder,
            )

    async def _recordings_folder(self) -> Path | None:
        if self._config.recording.mode not in {"local", "both"}:
            return None
        folder = self._config.recording.folder or self._parts.recordings
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        return folder

    async def _serve(self, kit: CallKit, before: Sequence[CallRecord]) -> None:
        config, clock = self._config, kit.clock
        if not config.twilio.validate_signature:
            logger.warning("phone.twilio.validate_signature is off, and signatures are checked yet")
        tokens, proxies = MediaTokens(), TrustedProxies(config.public.trusted_proxies)
        switchboard = Switchboard(
            kit,
            self._parts.agent,
            self._parts.people,
            Reception(config.inbound, config.greeting, self._parts.people, config.zone),
            tokens,
            pin_guard(config),
        )
        door = Door(proxies, clock)
        keys = config.twilio
        signatures = TwilioSignatures(keys.auth_tokens(), keys.shared_keys)
        guard = WebhookGuard(kit.public_url, signatures, ReplayStore())
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
                    self._port, self.switchboard = listener.getsockname()[1], switchboard
                    logger.info("The telephone listens on %s:%d", config.public.host, self._port)
                    try:
                        await asyncio.wait({serving})
                    finally:
                        running.cancel()
                        server.should_exit = True  # cancelled, it would leave sockets open
                        await asyncio.wait({serving})
            finally:
                door.close_all()


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


def pin_guard(config: PhoneConfig) -> PinGuard | None:
    """Return the PIN of callers; ``None`` when there is none."""
    inbound = config.inbound
    if inbound.pin is None:
        return None
    rules = PinRules(inbound.pin_attempts, inbound.pin_failures, inbound.pin_lockout)
    return PinGuard(inbound.pin, rules)
