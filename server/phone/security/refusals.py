"""Sans-I/O: what is refused, why, and what the other side is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final


class Reason(StrEnum):
    """Why something is refused, in words for the log."""

    BAD_REQUEST = "not understandable"
    TOO_LARGE = "too large"
    TOO_SLOW = "too slow"
    TOO_MANY = "too many at once from one address"
    FULL = "too many at once"

    UNSIGNED = "without a signature"
    WRONG_SIGNATURE = "wrongly signed"
    UNKNOWN_ALGORITHM = "signed with an unknown algorithm"
    NO_SHARED_KEY = "signed with a shared key, and none is configured"
    STALE = "signed too long ago"
    REPLAYED = "sent before"

    MEDIA_UNKNOWN = "with an unknown media token"
    MEDIA_USED = "with a used media token"
    MEDIA_EXPIRED = "with an expired media token"
    MEDIA_OTHER_CALL = "for another call than its media token"

    NOT_A_NUMBER = "not a telephone number"
    NUMBER_DENIED = "number is in the denied prefixes"
    NUMBER_COSTLY = "number costs more than a call"
    NUMBER_FOREIGN = "number is of another country"

    CALLERS_OFF = "calls in are off"
    CALLER_HIDDEN = "caller hides their number"
    CALLER_UNKNOWN = "caller is not in the list"
    CALLER_UNPROVEN = "network does not vouch for the caller's number"
    PIN_LOCKED = "too many wrong PINs"


_STATUS: Final = {
    Reason.BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    Reason.NOT_A_NUMBER: HTTPStatus.BAD_REQUEST,
    Reason.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Reason.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.FULL: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Everything else is 403: whoever has no right here learns no more than that."""

CLOSE_CODE: Final = 1008
"""With which a media socket is closed that was refused only after its upgrade."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request, a socket, a number or a caller is refused."""

    reason: Reason
    note: str = ""
    """For the log: what was meant, short, printable, without secrets, numbers masked."""

    @property
    def status(self) -> HTTPStatus:
        """HTTP status of the answer; on the public listener its body stays empty."""
        return _STATUS.get(self.reason, HTTPStatus.FORBIDDEN)

    def __str__(self) -> str:
        """Why, as it stands in the log."""
        return f"{self.reason} ({self.note})" if self.note else str(self.reason)


def printable(text: str, longest: int = 80) -> str:
    """Make what a stranger sent fit for one line of a log: no control characters, not long."""
    cut = text[:longest]
    safe = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in cut)
    return safe if len(text) <= longest else safe + "…"
