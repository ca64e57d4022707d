"""Sans-I/O: how a telephone call stands, and how it ended, as words."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Direction = Literal["inbound", "outbound"]


class CallStatus(StrEnum):
    """How a call stands, spelt as Twilio spells it."""

    QUEUED = "queued"
    """Accepted; nobody is dialled yet."""

    DIALING = "dialing"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    """Somebody answered."""

    ENDING = "ending"
    """It is being ended; how it ended is not certain yet."""

    RETRY_WAIT = "retry-wait"
    """Nobody was reached; it will be dialled again."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def rank(self) -> int:
        """How far a call is; it only grows while somebody is called."""
        return _RANKS[self]

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self.rank == _FINAL

    @classmethod
    def of(cls, text: str) -> CallStatus:
        """Return the status that people and providers write, ``no_answer`` and ``no-answer`` alike.

        Raises:
            ValueError: There is none of that name.

        """
        name = text.strip().lower().replace("_", "-")
        try:
            return cls(_OTHER_NAMES.get(name, name))
        except ValueError:
            known = ", ".join(cls)
            raise ValueError(f"{text!r} is no status of a call: use one of {known}") from None


_FINAL = 9

_RANKS = {
    CallStatus.QUEUED: 0,
    CallStatus.DIALING: 1,
    CallStatus.RINGING: 2,
    CallStatus.IN_PROGRESS: 3,
    CallStatus.ENDING: 4,
    CallStatus.RETRY_WAIT: 5,
    CallStatus.COMPLETED: _FINAL,
    CallStatus.BUSY: _FINAL,
    CallStatus.NO_ANSWER: _FINAL,
    CallStatus.FAILED: _FINAL,
    CallStatus.CANCELED: _FINAL,
}

_OTHER_NAMES = {"initiated": "dialing", "answered": "in-progress", "cancelled": "canceled"}

FINAL_STATUSES = frozenset(status for status in CallStatus if status.is_final)
"""How calls end."""

ACTIVE_STATUSES = frozenset(CallStatus) - FINAL_STATUSES
"""How calls stand that have not ended."""


class CallPhase(StrEnum):
    """What goes on in a call that is in progress."""

    CONNECTING = "connecting"
    """Answered; its sound does not flow yet."""

    GREETING = "greeting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    TRANSFERRING = "transferring"


class AnsweredBy(StrEnum):
    """Who answered, as Twilio's machine detection tells."""

    HUMAN = "human"
    MACHINE_START = "machine_start"
    """A machine whose announcement may still be running."""

    MACHINE_END_BEEP = "machine_end_beep"
    MACHINE_END_SILENCE = "machine_end_silence"
    MACHINE_END_OTHER = "machine_end_other"
    FAX = "fax"
    UNKNOWN = "unknown"

    @property
    def takes_message(self) -> bool:
        """Whether a machine listens now."""
        return self.value.startswith("machine_end")

    @property
    def is_person(self) -> bool:
        """Whether to talk as with a person: also when it could not be told."""
        return self in {AnsweredBy.HUMAN, AnsweredBy.UNKNOWN}


class EndReason(StrEnum):
    """Why a call ended."""

    HUNG_UP = "hung-up"
    """The other side hung up."""

    AGENT = "agent"
    """The agent ended it."""

    CANCELED = "canceled"
    """Somebody on our side ended it: over HTTP, or with a command on Discord."""

    TRANSFERRED = "transferred"
    VOICEMAIL = "voicemail"
    """A message was left on a machine."""

    MACHINE = "machine"
    """A machine or fax answered, and no message was left."""

    DECLINED = "declined"
    """Somebody who was to approve the call did not."""

    NOT_APPROVED = "not-approved"
    """Nobody who was to approve the call said anything in time."""

    REFUSED = "refused"
    """A caller who may not talk with the agent."""

    MESSAGE_TAKEN = "message-taken"
    """A caller left a message."""

    TOO_LONG = "too-long"
    SILENCE = "silence"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    """The provider could not put it through."""

    NOT_PLACED = "not-placed"
    """The provider refused to dial."""

    NEVER_ANSWERED = "never-answered"
    """The provider said nothing more for long after the ringing should have ended."""

    MEDIA_NEVER_CONNECTED = "media-never-connected"
    MEDIA_LOST = "media-lost"
    """The media socket broke and did not come back."""

    MEDIA_DEAD = "media-dead"
    """The media socket was open and nothing came."""

    ENGINE = "engine"
    """What speaks in the call failed."""

    RESTART = "restart"
    """The service stopped during the call."""

    BROKEN = "broken"
    """A bug of ours ended it."""


DESCRIPTIONS = {
    EndReason.FAILED: "the provider could not put the call through",
    EndReason.DECLINED: "somebody on Discord declined the call",
    EndReason.NOT_APPROVED: "nobody on Discord approved the call in time",
    EndReason.NOT_PLACED: "the provider refused to dial",
    EndReason.NEVER_ANSWERED: "nobody answered, and the provider did not say so",
    EndReason.MEDIA_NEVER_CONNECTED: "media never connected",
    EndReason.MEDIA_LOST: "the media connection broke and did not come back",
    EndReason.MEDIA_DEAD: "no sound arrived for too long",
    EndReason.ENGINE: "what speaks in the call failed",
    EndReason.RESTART: "the service was restarted during the call",
    EndReason.BROKEN: "a fault of this program ended the call: see its log",
}
"""What stands in a call's ``error``, for the reasons that are one."""
