"""What talks in a telephone call, as a Protocol: our own pipeline, OpenAI Realtime, or another.

An engine is one module: it gets a call and its line, talks until the call is over, and tells what
was said. It knows nothing of Twilio, of the call's state, or of how a call is kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pipeline.interfaces import AudioTransport, Participant
from server.phone.calls.report import Report
from server.phone.calls.status import CallPhase, Direction, EndReason

# What an engine gets


@dataclass(frozen=True, slots=True)
class EngineCall:
    """What an engine knows of a call when it begins."""

    id: str
    """Of our own; the conversation is ``call:<id>``."""

    direction: Direction
    caller: Participant
    """The other side, whoever called whom."""

    agent: str
    """Id of the OpenClaw agent."""

    agent_name: str
    session_key: str
    """OpenClaw session in which the call goes on."""

    opening: str = ""
    """The first words, to be said as they are; "" to let the other side begin."""

    protect_opening: bool = False
    """Whether the first words are said to their end."""

    instructions: str = ""
    """What the agent is told of this call: who it is, how to behave, where and when."""

    task: str = ""
    """What the agent shall achieve."""

    context: str = ""
    """What is known from before, such as earlier calls. Others may have written it."""

    language: str = "en"
    """ISO 639-1 code of what is most likely spoken."""

    voice: str | None = None
    """As the engine names it; ``None`` for the engine's own choice."""

    still_there: str = ""
    """Asked into a long silence by an engine that does not find its own words."""

    nobody_there: str = ""
    """Said by it before it ends a call in which nobody speaks any more."""


class EngineLine(AudioTransport, Protocol):
    """The sound of one call, both ways.

    :meth:`events` and :meth:`caller_ulaw` give the same voice; an engine takes one of them.
    """

    def caller_ulaw(self) -> AsyncIterator[bytes]:
        """Give the caller's sound as mu-law at 8 kHz as it comes, until the call is over.

        What was lost on the way is filled up, so that the sound keeps its time.
        """

    def play_ulaw(self, piece: int, ulaw: bytes, *, text: str = "") -> None:
        """Queue sound that is mu-law already. Never waits: a model speaks ahead of time.

        Args:
            piece: Number of the piece; grows over the call. Its part that was heard is
                ``ledger.seconds_played(piece)``.
            ulaw: The sound at 8 kHz.
            text: The words of the whole piece, where they are known.

        """


# What an engine tells


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """Something else goes on in the call now."""

    phase: CallPhase
    """``LISTENING`` once the agent neither speaks nor prepares anything."""


@dataclass(frozen=True, slots=True)
class CallerSpeaks:
    """The other side has begun to speak."""

    at: float
    """In seconds on the conversation clock."""


@dataclass(frozen=True, slots=True)
class CallerHeard:
    """What the other side has said, as far as it is known; :class:`CallerSaid` has it for good."""

    text: str


@dataclass(frozen=True, slots=True)
class CallerSaid:
    """The other side has said something. May be told after the answer to it: go by the time."""

    at: float
    """When they began, in seconds on the conversation clock."""

    text: str
    """The words; "" when they could not be made out."""


@dataclass(frozen=True, slots=True)
class AgentSaid:
    """The agent has said something, and this is what came of it."""

    at: float
    """When its first sound was queued, in seconds on the conversation clock."""

    text: str
    """All that it meant to say."""

    heard: str
    """The words of it that were really played."""

    heard_seconds: float
    """How much of its sound was really played."""

    interrupted: bool = False
    """Whether the other side cut it short."""

    waited: float | None = None
    """Seconds from the end of the other side's speech to its first sound; ``None`` when it answers
    nothing that was said."""


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """The agent has used a tool."""

    at: float
    """When it began, in seconds on the conversation clock."""

    name: str
    text: str
    """What came of it, for the transcript."""

    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True)
class CallReported:
    """The agent has reported what came of the call."""

    report: Report


@dataclass(frozen=True, slots=True)
class MessageInvited:
    """The tone was heard after which the caller may leave a message: the sound is kept from now."""

    at: float
    """In seconds on the conversation clock."""


@dataclass(frozen=True, slots=True)
class MessageLeft:
    """The caller has said enough to be kept as a message, and may go on."""

    at: float
    """When it began, in seconds on the conversation clock."""


EngineEvent: TypeAlias = (
    PhaseChanged
    | CallerSpeaks
    | CallerHeard
    | CallerSaid
    | AgentSaid
    | ToolUsed
    | CallReported
    | MessageInvited
    | MessageLeft
)
"""What an engine tells of a call."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The agent wants somebody else to take the call."""

    to: str
    """A telephone number, as the agent wrote it."""


@dataclass(frozen=True, slots=True)
class SendDigits:
    """The agent wants keys to be pressed, as in an announcement's menu."""

    digits: str
    """Of 0-9, ``*``, ``#``, and ``w`` for a pause of half a second."""


Wish: TypeAlias = Transfer | SendDigits
"""What an engine cannot do by itself. Ending the call is not one: the engine just ends."""


class WishRefusedError(Exception):
    """A wish cannot be granted; the message says why, to the agent."""


class CallDesk(Protocol):
    """The rest of the telephone, as an engine sees it."""

    def tell(self, event: EngineEvent) -> None:
        """Take in what happens in the call. Never fails."""

    async def grant(self, wish: Wish) -> None:
        """Do what the agent wants; what it said before that was played already.

        Raises:
            WishRefusedError: It is not allowed, or did not work; the call goes on.

        A transfer that works ends the sound of the call: :meth:`EngineLine.events` ends, and the
        engine with it. Cancelling may leave it done or not.

        """


# How it talks


@dataclass(frozen=True, slots=True)
class EngineEnd:
    """Why an engine has stopped talking."""

    reason: EndReason
    """``HUNG_UP`` when the sound ended, ``AGENT`` when the agent ended the call, ``SILENCE`` when
    nobody spoke for too long, ``ENGINE`` when it failed, or what :meth:`EngineSession.finish` was
    told."""

    note: str = ""
    """The agent's own reason, where it gave one."""

    error: str | None = None
    """For people, when it failed: what happened and what to do."""


class EngineSession(Protocol):
    """One call's talk. All but :meth:`run` return at once, and do nothing after its end."""

    async def run(self) -> EngineEnd:
        """Talk until the call is over; all that is to be heard has been played then.

        Never fails but by a bug. Cancelling stops it at once: what was said is told, what was
        queued is dropped.
        """

    def press(self, digit: str) -> None:
        """Take in that the other side has pressed a key."""

    def say(self, text: str, *, interrupt: bool = False) -> None:
        """Say something as it is, as soon as nobody speaks.

        Args:
            text: The words.
            interrupt: Whether to break off what the agent says.

        """

    def inform(self, text: str) -> None:
        """Let the agent know something without saying it, such as that the time is nearly over."""

    def update(self, *, instructions: str | None = None, voice: str | None = None) -> None:
        """Change what the agent is told, or its voice; ``None`` leaves it as it is.

        Not every engine can change a voice that was heard already.
        """

    def finish(self, words: str, reason: EndReason) -> None:
        """Break off, listen no more, say these words as they are, and end for this reason.

        Args:
            words: A goodbye, or the message for a machine; "" for nothing.
            reason: What :meth:`run` then returns.

        """


class Engine(Protocol):
    """Something that talks in calls; shared by all calls of the process."""

    @property
    def name(self) -> str:
        """As ``phone.engine`` has it."""

    @property
    def keeps_session(self) -> bool:
        """Whether the OpenClaw session has what was said; else it has to be told it."""

    def open(self, call: EngineCall, line: EngineLine, desk: CallDesk) -> EngineSession:
        """Begin a call; nothing happens before :meth:`EngineSession.run`."""
