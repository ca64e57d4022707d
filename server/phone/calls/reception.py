"""Sans-I/O: what becomes of a call that comes in, as plain values.

:mod:`server.phone.security.callers` says who may talk with the agent. This adds the hours, the
limits, and the words: what TwiML or the engine shall say and do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import assert_never

from server.phone.calls.config import GreetingConfig, InboundConfig
from server.phone.calls.greeting import Kept, invitation, opening
from server.phone.calls.hours import WeeklyHours
from server.phone.calls.limits import LimitReached
from server.phone.calls.people import People, Person
from server.phone.security.callers import (
    AskForPin,
    Assurance,
    Attestation,
    CallerRules,
    CallersPolicy,
    TakeMessage,
    UnknownCaller,
    Welcome,
    decide_caller,
)
from server.phone.security.refusals import Reason, Refusal


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A call that comes in, of which the provider's request was signed rightly."""

    claimed: str
    """``From``, as it stands in the request."""

    attestation: Attestation


@dataclass(frozen=True, slots=True)
class Converse:
    """Connect the call's sound to the agent."""

    greeting: str
    """What is said first."""

    number: str | None
    """``None`` when it is withheld."""

    person: Person | None
    """Who it is, when that is sure enough to give them their own session."""

    assurance: Assurance


@dataclass(frozen=True, slots=True)
class AskPin:
    """Ask for the PIN; when it is right, :meth:`Reception.admit` has the rest."""

    prompt: str
    again: str
    """After a wrong one."""

    number: str | None


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Let them leave a message, and nothing else."""

    prompt: str
    longest: float
    """Seconds."""

    number: str | None
    why: str
    """For the record."""


@dataclass(frozen=True, slots=True)
class SayAndHangUp:
    """Answer, say this, and hang up. Costs as much as any call of a minute."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Decline:
    """Do not answer: ``<Reject>``. Costs nothing."""

    busy: bool
    """With the busy tone, or with the announcement that the number is not in service."""

    why: str


Answer = Converse | AskPin | RecordMessage | SayAndHangUp | Decline


class Reception:
    """Decides about calls that come in.

    Args:
        config: Who may call, when, and what others hear.
        greeting: What is said first.
        people: Whom the settings name.
        zone: By which clocks the hours are meant.

    """

    def __init__(
        self, config: InboundConfig, greeting: GreetingConfig, people: People, zone: tzinfo
    ) -> None:
        self._config = config
        self._greeting = greeting
        self._people = people
        self._zone = zone
        self._hours = WeeklyHours.of(config.hours)
        self._rules = caller_rules(config, people)

    def receive(
        self,
        call: IncomingCall,
        now: datetime,
        *,
        agent: str,
        kept: Kept,
        greeting: str | None = None,
    ) -> Answer:
        """Decide about a call before it is answered.

        Args:
            call: The call.
            now: The time.
            agent: Name of the agent that will answer.
            kept: What of the call will be kept.
            greeting: What is said first on the number that was called, where it has its own.

        """
        if any(call.claimed.startswith(prefix) for prefix in self._config.deny):
            return Decline(busy=False, why="number is in phone.inbound.deny")
        decision = decide_caller(self._rules, call.claimed, call.attestation)
        if isinstance(decision, Refusal):
            return self.refuse(decision)
        number = decision.caller.e164 if decision.caller is not None else None
        if not self._answers(decision, now):
            return self._after_hours(number, agent, greeting)
        match decision:
            case Welcome() if not self._proves_by_pin(number):
                return self._converse(number, decision.assurance, agent, kept, greeting)
            case Welcome() | AskForPin():
                return AskPin(self._config.pin_prompt, self._config.pin_again, number)
            case TakeMessage():
                return self._record(number, agent, str(decision.refusal), greeting)
            case _:
                assert_never(decision)

    def admit(
        self,
        number: str | None,
        *,
        agent: str,
        kept: Kept,
        greeting: str | None = None,
        person: str = "",
    ) -> Converse:
        """Return what becomes of a caller who knew a PIN; see :meth:`receive`.

        Args:
            number: Theirs; ``None`` when it is withheld.
            agent: Name of the agent that will answer.
            kept: What of the call will be kept.
            greeting: What is said first on the number that was called, where it has its own.
            person: Whose PIN it was; "" when it proves nobody's identity.

        """
        admitted = self._converse(number, Assurance.PIN, agent, kept, greeting)
        proven = self._people.named(person)
        return admitted if proven is None else replace(admitted, person=proven)

    def refuse(self, refusal: Refusal) -> Answer:
        """Return what a caller gets who may not talk with the agent: also after wrong PINs."""
        if refusal.reason is Reason.CALLERS_OFF or not self._config.refusal:
            return Decline(busy=False, why=str(refusal))
        return SayAndHangUp(self._config.refusal, str(refusal))

    def at_limit(
        self, reached: LimitReached, number: str | None, *, agent: str, greeting: str | None = None
    ) -> Answer:
        """Return what a caller gets who would talk with the agent, while a limit is reached."""
        if reached.too_many_at_once and self._config.when_busy == "message":
            return self._record(number, agent, f"{reached.limit} is reached", greeting)
        return self.hold_off(reached)

    def hold_off(self, reached: LimitReached) -> SayAndHangUp | Decline:
        """Return what a caller gets who cannot leave a message either."""
        why = f"{reached.limit} is reached"
        if self._config.busy:
            return SayAndHangUp(self._config.busy, why)
        return Decline(busy=True, why=why)

    def _proves_by_pin(self, number: str | None) -> bool:
        """Return whether a caller is taken for somebody only when they type the PIN."""
        has_pin = self._config.pin is not None or bool(self._people.pins)
        if not has_pin or self._people.caller(number, Assurance.ATTESTED) is not None:
            return False
        return self._people.caller(number, Assurance.PIN) is not None

    def _converse(
        self,
        number: str | None,
        assurance: Assurance,
        agent: str,
        kept: Kept,
        greeting: str | None,
    ) -> Converse:
        texts = self._texts(greeting)
        words = opening(texts, "inbound", kept, agent=agent, caller=None)
        person = self._people.caller(number, assurance)
        return Converse(words, number, person, assurance)

    def _texts(self, greeting: str | None) -> GreetingConfig:
        """Return what is said first, on a number that may have its own greeting."""
        if greeting is None:
            return self._greeting
        return self._greeting.model_copy(update={"inbound": greeting})

    def _after_hours(self, number: str | None, agent: str, greeting: str | None) -> Answer:
        why = "outside phone.inbound.hours"
        if self._config.after_hours == "message":
            return self._record(number, agent, why, greeting)
        if not self._config.closed:
            return Decline(busy=True, why=why)
        return SayAndHangUp(self._config.closed, why)

    def _record(
        self, number: str | None, agent: str, why: str, greeting: str | None
    ) -> RecordMessage:
        prompt = invitation(self._texts(greeting), self._config, agent=agent)
        return RecordMessage(prompt, self._config.longest_message, number, why)

    def _answers(self, decision: Welcome | AskForPin | TakeMessage, now: datetime) -> bool:
        """Return whether calls of this kind are answered at this hour."""
        match decision:
            case Welcome():
                known = decision.listed
            case AskForPin():
                known = True  # or they will not get in anyway
            case TakeMessage():
                return True
            case _:
                assert_never(decision)
        any_time = known and self._config.known_callers_any_time
        return any_time or self._hours.contain(now, self._zone)


def caller_rules(config: InboundConfig, people: People) -> CallerRules:
    """Return who may call, in the words of :mod:`server.phone.security.callers`."""
    any_at_all = config.attestation == "any"
    return CallerRules(
        policy=CallersPolicy(config.policy),
        unknown=UnknownCaller(config.unknown_callers),
        allowed=people.numbers | frozenset(config.allow),
        attestation=Attestation.NONE if any_at_all else Attestation[config.attestation],
    )
