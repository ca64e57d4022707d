"""What every call needs of the telephone around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pipeline.clock import Clock
from server.phone.calls.limits import Limits
from server.phone.calls.recovery import ProviderCall
from server.phone.calls.retry import RetryPolicy
from server.phone.calls.status import CallStatus
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.engines.engine import Engine, EngineCall
from server.phone.provider.outbound import OutboundCall
from server.phone.public.app import DETECTION, STATUS, VOICE
from server.phone.security.dialling import DiallingRules
from server.phone.security.public_url import PublicUrl


class Provider(Protocol):
    """Who carries calls. Everything raises ProviderError when it is not done."""

    async def create(self, call: OutboundCall) -> ProviderCall:
        """Dial."""

    async def fetch(self, provider_id: str) -> ProviderCall:
        """Return how a call stands."""

    async def find(self, from_: str, to: str, since: datetime) -> ProviderCall | None:
        """Return the first call between two numbers since a time."""

    async def end(self, provider_id: str, status: CallStatus) -> None:
        """End a call."""

    async def send_elsewhere(self, provider_id: str, twiml: str) -> None:
        """Give a call something else to do."""


@dataclass(frozen=True, slots=True)
class CallKit:
    """Shared by all calls."""

    config: PhoneConfig
    clock: Clock
    began: datetime
    """Wall time at the clock's zero, in UTC."""

    provider: Provider
    store: CallStore
    engine: Engine
    limits: Limits
    retry: RetryPolicy
    dialling: DiallingRules
    chance: Callable[[], float]
    """Random numbers in [0, 1)."""

    public_url: PublicUrl
    recordings: Path | None = None
    """Folder of recordings, which is there; ``None`` when calls are not recorded here."""

    def wall_time(self, at: float) -> datetime:
        """Return the time of day, in UTC, of a time on the clock."""
        return self.began + timedelta(seconds=at)

    def clock_time(self, at: datetime) -> float:
        """Return the time on the clock of a time of day."""
        return (at - self.began).total_seconds()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return self.wall_time(self.clock.now())

    def step_url(self, step: str) -> str:
        """Return where Twilio asks what to do next; no two steps have the same address."""
        return self.public_url.url(f"{VOICE}/step/{step}")

    def outbound(
        self, plan: CallPlan, call_id: str, attempt: int, numbers: tuple[str, str]
    ) -> OutboundCall:
        """Return what Twilio is asked for.

        Args:
            plan: How the call is meant.
            call_id: Ours.
            attempt: Number of the attempt.
            numbers: From and to.

        """
        step = f"call-{call_id}-{attempt}"
        detects = self.config.voicemail.detection == "twilio" and not plan.digits
        return OutboundCall(
            to=numbers[1],
            from_=numbers[0],
            voice_url=self.step_url(step),
            status_url=self.public_url.url(f"{STATUS}/{step}"),
            ring=self.config.twilio.ring_timeout,
            time_limit=plan.time_limit,
            detection_url=self.public_url.url(f"{DETECTION}/{step}") if detects else None,
            digits=plan.digits,
        )


@dataclass(frozen=True, slots=True)
class CallPlan:
    """How one call is meant."""

    engine_call: EngineCall
    longest: float
    """Seconds after which it is ended, with a goodbye."""

    time_limit: int
    """Seconds after which Twilio ends it."""

    voicemail: str = ""
    """What is left on a machine; "" to hang up on it."""

    digits: str = ""
    """Keys pressed as soon as somebody has answered."""

    goodbye: str = "Our time is over. Goodbye."
