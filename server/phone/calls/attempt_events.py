"""Sans-I/O: what an attempt at a call is told, asks for, and ends with."""

from __future__ import annotations

from dataclasses import dataclass

from server.phone.calls.status import AnsweredBy, CallStatus, EndReason


@dataclass(frozen=True, slots=True)
class AttemptTiming:
    """How long an attempt waits for what; all in seconds."""

    ring: float = 30.0
    """Ringing, as the provider was told."""

    reaper: float = 90.0
    """Beyond the ringing, until a call of which nothing is heard is given up."""

    reconnect: float = 2.0
    """Until a media socket that broke has to be back; and until the first one has to be known when
    the provider already says that the call is over."""

    media: float = 30.0
    """Without a frame of sound until the call counts as dead."""

    blind: float = 15_000.0
    """From the answer on, until a call is ended whose sound is not ours to watch: a transferred
    one, or a caller who is only told something. The provider's own limit comes before."""

    report: float = 15.0
    """Until the provider has to report the end of a call that is over."""


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """What the provider says of an attempt, by itself or asked."""

    status: CallStatus
    sequence: int | None = None
    """Number of the callback, from 0; ``None`` when we asked."""

    seconds: int | None = None
    """Length of the call, when it is over."""

    answered_by: AnsweredBy | None = None
    error: str | None = None
    """What the provider says went wrong, such as a SIP code."""


@dataclass(frozen=True, slots=True)
class EndAtProvider:
    """The provider shall end the call: POST ``Status=<status>``."""

    provider_id: str
    status: CallStatus
    """``canceled`` before it was answered, ``completed`` after."""

    unexplained: bool = False
    """Whether the other side hears nothing that tells why, unless the provider says it."""


@dataclass(frozen=True, slots=True)
class AskProvider:
    """The provider shall be asked how the call stands; :meth:`Attempt.receive_report` takes it."""

    provider_id: str


AttemptAction = EndAtProvider | AskProvider


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended."""

    status: CallStatus
    reason: EndReason
    at: float
    error: str | None = None
    """For people, when something went wrong."""


def earlier(report: ProviderReport, other: ProviderReport) -> bool:
    """Return whether the provider said this before that; what we asked for is the newest."""
    if report.sequence is None or other.sequence is None:
        return other.sequence is None and report.sequence is not None
    return report.sequence < other.sequence
