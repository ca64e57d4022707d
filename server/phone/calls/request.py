"""Sans-I/O: a call that somebody wants to be made, and why it is not made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

CallMode = Literal["conversation", "notify"]
"""Whether the agent talks, or only a message is said."""


class Obstacle(StrEnum):
    """What stands in the way of a call."""

    REQUEST = "request"
    """What was asked for cannot be: no telephone number, no such voice."""

    POLICY = "policy"
    """The settings do not allow it, or somebody who had to approve it did not."""

    LIMIT = "limit"
    """It is too much now; later it may be possible."""

    UNAVAILABLE = "unavailable"
    """The telephone is off, or does not work."""


class CallRefusedError(Exception):
    """A call is not made; the message says why, and what to do.

    Args:
        message: That.
        obstacle: Its kind, for programs.

    """

    def __init__(self, message: str, obstacle: Obstacle = Obstacle.POLICY) -> None:
        super().__init__(message)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class DiscordOrigin:
    """Where on Discord a call was asked for, and by whom."""

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    channel_id: str
    """There it is followed, and approved."""

    asked_by: str
    """Name of who asked, for people."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call that somebody wants to be made. Only the number is needed.

    It is kept with the call: after a restart the next attempt is meant as the first was.
    """

    __pydantic_config__: ClassVar = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    to: str
    """Number, as people write it."""

    task: str = ""
    """What the agent shall achieve."""

    message: str = ""
    """The first words; "" for the usual ones. With mode ``notify`` all that is said."""

    context: str | Mapping[str, Any] = ""
    """What the agent should know, as text or by headings."""

    digits: str = ""
    """Keys pressed as soon as somebody has answered."""

    idempotency_key: str | None = None
    """The same wish with the same key is one call, however often it comes."""

    caller_id: str | None = None
    """Which of our numbers calls; ``None`` for the usual one."""

    caller_name: str | None = None
    """On whose behalf; ``None`` as the settings say."""

    callee_name: str | None = None
    """Who is called; ``None`` when the number says enough."""

    session_key: str | None = None
    """OpenClaw session that the call goes on with; ``None`` for that of the person or number."""

    engine: str | None = None
    """Who shall talk; ``None`` for whoever does."""

    voice: str | None = None
    """As the engine names it; ``None`` for the usual one."""

    timezone: str | None = None
    """In which times are meant; ``None`` as the settings say."""

    locale: str | None = None
    """Language and country of the other side, as ``de-CH``; ``None`` as the settings say."""

    max_duration: float | None = None
    """Seconds after which it is ended, with a goodbye; ``None`` for the longest allowed."""

    mode: CallMode = "conversation"
    """Whether the agent talks with who answers, or the message is said and the call ended."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Whatever who asks wants to find again in the record. The agent does not get it."""

    discord: DiscordOrigin | None = None
    """Where on Discord it was asked for; ``None`` elsewhere. Programs cannot say so of theirs."""
