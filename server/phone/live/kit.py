"""What every call needs of the telephone around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pipeline.clock import Clock
from server.phone.calls.limits import Limits
from server.phone.calls.people import Person
from server.phone.calls.record import CallRecord
from server.phone.calls.recovery import ProviderCall
from server.phone.calls.retry import RetryPolicy
from server.phone.calls.status import CallStatus
from server.phone.calls.store import CallStore
from server.phone.calls.watch import PROVIDER_MARGIN
from server.phone.config import PhoneConfig
from server.phone.engines.engine import Engine, EngineCall
from server.phone.live.approvals import Approvals
from server.phone.live.events import CallEvents
from server.phone.provider.outbound import OutboundCall
from server.phone.public.app import DETECTION, RECORDING, STATUS, VOICE
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

    def recording_url(self, recording_id: str) -> str:
        """Return where a recording is had."""

    def recording(self, recording_id: str) -> AsyncGenerator[bytes]:
        """Stream a recording as a WAV file."""

    async def send_elsewhere(self, provider_id: str, twiml: str) -> None:
        """Give a call something else to do."""


@dataclass(frozen=True, slots=True)
class MessageTaking:
    """What callers can leave a message with."""

    engine: Engine
    """Takes the message, in place of what talks in other calls."""

    recordings: Path
    """Folder of its sound, which is there: also when calls are not recorded."""


class LastSession(Protocol):
    """Knows where people talked last."""

    async def __call__(self, person: Person, agent: str) -> str | None:
        """Return the session of the channel that a person is in, or was last; never fails.

        Args:
            person: Who it is.
            agent: With which agent.

        """


async def nowhere(person: Person, agent: str) -> str | None:
    """Return that nobody was anywhere: a :class:`LastSession`."""
    return None


def _nobody(record: CallRecord) -> None:
    """Is told nothing."""


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
    last_session: LastSession = nowhere

    when_over: tuple[Callable[[CallRecord], None], ...] = ()
    """Are told of every call that is over and kept, also of those of before a restart; what was
    said stands in the store."""

    when_changed: Callable[[CallRecord], None] = _nobody
    """Is told of what is learnt of calls afterwards."""

    recordings: Path | None = None
    """Folder of recordings, which is there; ``None`` when calls are not recorded here."""

    messages: MessageTaking | None = None
    """Takes messages; ``None``: nobody can leave one."""

    events: CallEvents = field(default_factory=CallEvents)
    """Tells whoever watches what happens in calls."""

    approvals: Approvals = field(default_factory=Approvals)
    """Lets people approve calls."""

    def wall_time(self, at: float) -> datetime:
        """Return the time of day, in UTC, of a time on the clock."""
        return self.began + timedelta(seconds=at)

    def clock_time(self, at: datetime) -> float:
        """Return the time on the clock of a time of day."""
        return (at - self.began).total_seconds()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return self.wall_time(self.clock.now())

    def tell_over(self, record: CallRecord) -> None:
        """Tell of a call that is over."""
        for tell in self.when_over:
            tell(record)

    def step_url(self, step: str) -> str:
        """Return where Twilio asks what to do next; no two steps have the same address."""
        return self.public_url.url(f"{VOICE}/step/{step}")

    def detects_machines(self, digits: str) -> bool:
        """Return whether Twilio finds out who answers a call of ours; never where keys are sent."""
        return self.config.voicemail.detection == "twilio" and not digits

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
        detects = self.detects_machines(plan.digits)
        return OutboundCall(
            to=numbers[1],
            from_=numbers[0],
            voice_url=self.step_url(step),
            status_url=self.public_url.url(f"{STATUS}/{step}"),
            ring=self.config.twilio.ring_timeout,
            time_limit=plan.time_limit,
            detection_url=self.public_url.url(f"{DETECTION}/{step}") if detects else None,
            record_url=self.record_url(step),
            digits=plan.digits,
        )

    def record_url(self, step: str) -> str | None:
        """Return where Twilio tells of its recording of a call; ``None`` when it makes none."""
        if self.config.recording.mode not in {"twilio", "both"}:
            return None
        return self.public_url.url(f"{RECORDING}/{step}")


@dataclass(frozen=True, slots=True)
class CallPlan:
    """How one call is meant."""

    engine_call: EngineCall
    longest: float
    """Seconds after which it is ended, with a goodbye."""

    time_limit: int
    """Seconds after which Twilio ends it."""

    notice: str = ""
    """All that is said to who answers; "" for a talk."""

    voicemail: str = ""
    """What is left on a machine; "" to hang up on it."""

    digits: str = ""
    """Keys pressed as soon as somebody has answered."""

    messages: MessageTaking | None = None
    """What takes a message, and nothing else; ``None`` for a talk."""

    hold_opening: float = 0.0
    """Seconds for which nothing is said, unless it is known before who answered."""

    goodbye: str = ""
    """Said when it has lasted that long."""

    def lasting(self, longest: float) -> CallPlan:
        """Return the plan of a call that may last so many seconds."""
        return replace(self, longest=longest, time_limit=round(longest + PROVIDER_MARGIN))
