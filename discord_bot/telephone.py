"""What the bot needs from a telephone, as Protocols; and calls as people on Discord see them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may make calls by the settings."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()


class TelephoneError(Exception):
    """A call is not made; the message tells people why, and what to do."""


class CallStage(Enum):
    """How far a call is."""

    WAITING = auto()
    """It is not dialled yet."""

    DIALLING = auto()
    RINGING = auto()
    TALKING = auto()
    ENDING = auto()
    AGAIN_LATER = auto()
    """Nobody was reached; it will be dialled again."""

    ENDED = auto()


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a call."""

    how: str
    """How it ended, in a few words: "they hung up"."""

    seconds: int
    """From the answer to the end; 0 when nobody answered."""

    cost: str = ""
    """Estimate with its currency, "0.03 USD"; "" while it is not known."""

    summary: str = ""
    """What the agent reports of it, in the agent's words; "" without a report."""

    next_steps: tuple[str, ...] = ()
    """What should be done now, likewise."""


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """A call as it stands."""

    id: str
    number: str
    """Of the other side, in international form: only for those who may make calls."""

    who: str
    """The other side as everybody may see it: a name, or the number with its middle hidden."""

    agent: str
    """Name of who talks."""

    task: str
    stage: CallStage
    channel_id: int | None = None
    """Channel from which it was asked for on Discord."""

    asked_by: str = ""
    """Who asked for it on Discord."""

    to_approve: bool = False
    """Whether somebody has to approve it before it is dialled."""

    attempt: int = 1
    problem: str = ""
    """Why the last attempt reached nobody, in a few words."""

    again_at: datetime | None = None
    """When it is dialled again."""

    result: CallResult | None = None
    """``None`` before its end."""


@dataclass(frozen=True, slots=True)
class CallWish:
    """A call that somebody wants on Discord."""

    number: str
    """As people write it."""

    task: str
    channel_id: int
    asked_by: str
    """Name of who wants it."""

    key: str
    """The same key is the same wish."""


# What happens in calls


class Activity(Enum):
    """What goes on in a call that is answered."""

    LISTENING = auto()
    HEARING = auto()
    """The other side speaks."""

    THINKING = auto()
    SPEAKING = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other side has said, as far as it is known: :class:`Said` has it for good."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """One side has said something. May be told after what answered it: go by the time."""

    at: float
    """When it was begun to be said, in seconds."""

    by_agent: bool
    text: str
    """The words that were heard of it; "" when there were none, or they could not be made out."""

    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """The call stands otherwise: see the call itself."""


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing follows in this call."""


CallEvent: TypeAlias = Activity | Heard | Said | Changed | Over


@dataclass(frozen=True, slots=True)
class CallNews:
    """Something that happened in a call."""

    call: PhoneCall
    event: CallEvent
    at: float
    """In seconds, on the clock of :attr:`Said.at`."""


class Verdict(Enum):
    """What people say to a call that somebody has to approve."""

    APPROVED = auto()
    DECLINED = auto()
    UNANSWERED = auto()
    """Nobody who may said anything in time, or nobody could be asked."""


class CallDesk(Protocol):
    """What the telephone tells and asks people on Discord."""

    def receive(self, news: CallNews) -> None:
        """Take in what happened in a call. Returns at once."""

    async def ask(self, call: PhoneCall, channel_id: int, seconds: float) -> Verdict:
        """Ask whether a call may be made.

        Args:
            call: It.
            channel_id: Where to ask.
            seconds: How long an answer is waited for.

        Cancelling takes the question back.

        """


class Telephone(Protocol):
    """The telephone, as the bot sees it."""

    @property
    def callers(self) -> Callers:
        """Who may make calls, beside those who may anyway."""

    def attach(self, desk: CallDesk) -> AbstractContextManager[None]:
        """Tell and ask people on Discord until the block is left. One desk at a time."""

    def calls(self) -> Sequence[PhoneCall]:
        """Return the calls that go on, oldest first."""

    async def place(self, wish: CallWish) -> PhoneCall:
        """Begin to make a call.

        Raises:
            TelephoneError: It is not made.

        Cancelling may leave it made.

        """

    def hang_up(self, call_id: str) -> bool:
        """End a call; returns whether there was one that went on."""
