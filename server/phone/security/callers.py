"""Sans-I/O: who may call, and how sure it is that they are who their number says.

A caller's number is what their network claims. It filters; it proves nothing. Proof is the
network's signature (STIR/SHAKEN, in countries that have it) or a PIN.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

from server.phone.security.numbers import Number, parse_caller
from server.phone.security.refusals import Reason, Refusal


class Attestation(IntEnum):
    """What the caller's network vouches for (STIR/SHAKEN); more is higher."""

    FAILED = 0
    """The signature is there, and wrong: someone changed the number."""

    NONE = 1
    """Nothing: most networks outside the United States, Canada and France."""

    C = 2
    """Where the call entered the network; nothing about the number."""

    B = 3
    """Who the customer is, not that the number is theirs."""

    A = 4
    """The customer, and that the number is theirs."""


_PASSED: Final = {
    "TN-Validation-Passed-A": Attestation.A,
    "TN-Validation-Passed-B": Attestation.B,
    "TN-Validation-Passed-C": Attestation.C,
}
_FAILED: Final = "TN-Validation-Failed"
"""Alone, or with the level that was claimed behind it."""


def parse_attestation(verstat: str) -> Attestation:
    """Read Twilio's ``StirVerstat``; what is missing or unheard of vouches for nothing."""
    if verstat.startswith(_FAILED):
        return Attestation.FAILED
    return _PASSED.get(verstat, Attestation.NONE)


class CallersPolicy(StrEnum):
    """Who may call."""

    OFF = "off"
    """Nobody."""

    ALLOWLIST = "allowlist"
    """Those in the list; others get what is set for unknown callers."""

    OPEN = "open"
    """Everybody."""


class UnknownCaller(StrEnum):
    """What somebody gets who is not in the list."""

    REFUSE = "refuse"
    MESSAGE = "message"
    """They may leave a message."""

    PIN = "pin"
    """They are asked for the PIN."""


@dataclass(frozen=True, slots=True)
class CallerRules:
    """Who may call."""

    policy: CallersPolicy = CallersPolicy.ALLOWLIST
    unknown: UnknownCaller = UnknownCaller.REFUSE
    allowed: frozenset[str] = frozenset()
    """Numbers in international form: those of the identities, and those allowed beside."""

    attestation: Attestation = Attestation.NONE
    """At least this much the network has to vouch for; with less, somebody in the list is a
    stranger. By default only numbers known to be changed are."""


class Assurance(StrEnum):
    """How sure it is that a caller is who their number says."""

    CLAIMED = "claimed"
    """Their network says so."""

    ATTESTED = "attested"
    """Their network signed that the number is theirs (attestation A)."""

    PIN = "pin"
    """They knew the PIN."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Let them in."""

    caller: Number | None
    """``None`` when their number is hidden."""

    listed: bool
    """Whether they are in the list, and so may be linked to a person."""

    assurance: Assurance


@dataclass(frozen=True, slots=True)
class AskForPin:
    """Let them in when they know the PIN."""

    caller: Number | None


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Let them leave a message, and nothing else."""

    caller: Number | None
    refusal: Refusal
    """Why nothing else."""


Decision: TypeAlias = Welcome | AskForPin | TakeMessage | Refusal
"""What becomes of a call that comes in."""


def decide_caller(rules: CallerRules, claimed: str, attestation: Attestation) -> Decision:
    """Decide about a call that comes in, before it is answered.

    Args:
        rules: Who may call.
        claimed: Twilio's ``From``, of a request whose signature is right.
        attestation: What the network vouches for.

    """
    if rules.policy is CallersPolicy.OFF:
        return Refusal(Reason.CALLERS_OFF)
    caller = parse_caller(claimed)
    doubt = _doubt(rules, caller, attestation)
    if doubt is None or rules.policy is CallersPolicy.OPEN:
        sure = attestation is Attestation.A and caller is not None
        return Welcome(caller, doubt is None, Assurance.ATTESTED if sure else Assurance.CLAIMED)
    match rules.unknown:
        case UnknownCaller.REFUSE:
            return doubt
        case UnknownCaller.MESSAGE:
            return TakeMessage(caller, doubt)
        case UnknownCaller.PIN:
            return AskForPin(caller)


def _doubt(rules: CallerRules, caller: Number | None, attestation: Attestation) -> Refusal | None:
    if caller is None:
        return Refusal(Reason.CALLER_HIDDEN)
    if caller.e164 not in rules.allowed:
        return Refusal(Reason.CALLER_UNKNOWN, str(caller))
    if attestation < rules.attestation:
        return Refusal(Reason.CALLER_UNPROVEN, f"{caller}, attestation {attestation.name}")
    return None
