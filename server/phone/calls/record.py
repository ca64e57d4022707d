"""The record of a call: what programs get of it, and what is kept.

As JSON it has the names of the user's documents, in camel case, and more beside them. Times are
RFC 3339 in UTC. What is not known is ``null``, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from server.phone.calls.report import Outcome, Report
from server.phone.calls.request import CallRequest
from server.phone.calls.status import AnsweredBy, CallStatus, Direction, EndReason

VERSION = 1
"""Grows when a name changes its meaning; new names alone do not change it."""

Role = Literal["user", "assistant", "system", "tool"]

SessionNote = Literal["none", "owed", "told"]
"""Whether the OpenClaw session was told what was said: it needs not to be, as it heard the call
itself; it has to be; or it was."""


class RecordError(Exception):
    """A record that was kept cannot be read; the message says why, and holds none of it."""


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """Something that was said in a call, or done."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    timestamp: datetime
    role: Role
    """``user`` is the other side; ``tool`` something that the agent did."""

    text: str
    interrupted: bool = False
    """Whether the other side cut it short."""

    heard_ms: int | None = None
    """Milliseconds of it that were played, when it was interrupted."""

    tool: str | None = None
    """Name of the tool."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt at the call."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    number: int
    """From 1."""

    status: CallStatus
    began_at: datetime
    provider_call_id: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int | None = None
    """Seconds that the provider counts, from the answer on."""

    answered_by: AnsweredBy | None = None
    end_reason: EndReason | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Where the sound of the call lies."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    file: str
    """Name in the folder of recordings."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Message:
    """What a caller left instead of talking with the agent; its sound is the recording."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    began_at: datetime
    text: str | None = None
    """What was said: "" when no words were made out, ``None`` until it is written down."""

    language: str | None = None
    """ISO 639-1 code, once it is written down."""


@dataclass(frozen=True, slots=True)
class ProviderRecording:
    """A recording that the provider has made, and keeps."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    id: str
    """The provider's."""

    url: str
    """Where it is had, with the account's credentials."""

    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """How the call went, in figures."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    ttfa_ms: int | None = None
    """Median milliseconds from the end of the caller's speech to the first sound of the answer."""

    turns: int = 0
    barge_ins: int = 0
    tool_ms: int = 0
    """Milliseconds spent in tools, altogether."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the call will have cost, by the rates in the settings. An estimate, no invoice."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    currency: str
    amount: float
    parts: Mapping[str, float] = field(default_factory=dict)
    """The amount by what it is for."""

    minutes: int = 0
    """Minutes that the provider bills."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as it stands, or as it ended."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    id: str
    direction: Direction
    from_: Annotated[str, Field(alias="from")]
    """Number of who calls; empty when it is withheld."""

    to: str
    """Number of who is called."""

    status: CallStatus
    started_at: datetime
    """When it came in, or was asked for."""

    task: str | None = None
    """What the agent shall achieve."""

    ended_at: datetime | None = None
    duration: int | None = None
    """Seconds from the answer to the end; ``None`` before the end, 0 when nobody answered."""

    transcript: tuple[TranscriptRow, ...] = ()
    outcome: Outcome | None = None
    """``None`` when nobody reported one."""

    engine: str = "local"
    provider: str = "twilio"
    provider_call_id: str | None = None
    """Of the last attempt."""

    session_key: str | None = None
    session_note: SessionNote = "none"
    identity: str | None = None
    """Who it is, where the number is known."""

    attempt: int = 1
    """Number of the last attempt."""

    attempts: tuple[AttemptRecord, ...] = ()
    retry_at: datetime | None = None
    """When it is dialled again."""

    answered_by: AnsweredBy | None = None
    end_reason: EndReason | None = None
    context: str | Mapping[str, Any] | None = None
    prompt: str | None = None
    request: CallRequest | None = None
    """What was asked for; ``None`` for calls that came in."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    report: Report | None = None
    recording: Recording | None = None
    provider_recording: ProviderRecording | None = None
    missed: str | None = None
    """Why a call that came in was not put through to the agent; ``None`` when it was."""

    message: Message | None = None
    """What the caller left; ``None`` when nothing was said."""

    metrics: Metrics = Metrics()
    cost: Cost | None = None
    error: str | None = None
    version: int = VERSION

    @property
    def peer(self) -> str:
        """The number of the other side."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def own(self) -> str:
        """Our number that was called, or called."""
        return self.to if self.direction == "inbound" else self.from_

    def with_report(self, report: Report) -> CallRecord:
        """Return the record with what the agent reported of the call."""
        return replace(self, report=report, outcome=Outcome.of(report))

    def to_json(self, *, transcript: bool = True) -> dict[str, Any]:
        """Return the record as a JSON object.

        Args:
            transcript: Whether what was said stands in it.

        """
        left_out = None if transcript else {"transcript"}
        whole: dict[str, Any] = _RECORDS.dump_python(
            self, mode="json", by_alias=True, exclude=left_out
        )
        return whole

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallRecord:
        """Return the record that :meth:`to_json` gave; what this version does not know is ignored.

        Raises:
            RecordError: It is no record, or one that only a newer version understands.

        """
        version = data.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            raise RecordError(
                f"the call was recorded by a newer version of this program (form {version}, this"
                f" one knows {VERSION}): update the program"
            )
        try:
            return _RECORDS.validate_python(data, by_alias=True, by_name=False)
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
            raise RecordError(f"the record of a call is damaged: {wrong}") from None


_RECORDS = TypeAdapter(CallRecord)


def row_to_json(row: TranscriptRow) -> dict[str, Any]:
    """Return a row of the transcript as a JSON object."""
    whole: dict[str, Any] = _ROWS.dump_python(row, mode="json", by_alias=True)
    return whole


def row_from_json(data: Mapping[str, Any]) -> TranscriptRow:
    """Return the row that :func:`row_to_json` gave.

    Raises:
        RecordError: It is none.

    """
    try:
        return _ROWS.validate_python(data, by_alias=True, by_name=False)
    except ValidationError:
        raise RecordError("a row of a transcript is damaged") from None


_ROWS = TypeAdapter(TranscriptRow)
