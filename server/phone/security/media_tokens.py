"""Sans-I/O: one-time tokens, by which a media socket proves which call it belongs to.

The TwiML of a call names its socket's address, and the token is part of its path: Twilio drops
queries. The address is secret until Twilio used it. Access logs must be off where it passes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from server.phone.security.refusals import Reason, Refusal

LIFETIME: Final = 30.0
"""Seconds from the TwiML until Twilio opens the socket; it takes it less than one."""

CAPACITY: Final = 64
"""Calls that may wait for their socket at once."""

_LONGEST_TOKEN: Final = 128
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class MediaToken:
    """A secret part of a path; shows nothing of itself in logs."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        """No secret."""
        return "MediaToken(…)"


@dataclass(frozen=True, slots=True)
class MediaPass:
    """A socket whose token was right; its call has to be the token's, see :meth:`check_call`."""

    call_sid: str

    def check_call(self, call_sid: str) -> Refusal | None:
        """Compare with the call that the socket's ``start`` message names."""
        if hmac.compare_digest(call_sid.encode("utf-8", "replace"), self.call_sid.encode()):
            return None
        return Refusal(Reason.MEDIA_OTHER_CALL)


@dataclass(slots=True)
class _Issued:
    call_sid: str
    expires_at: float
    used: bool = False


class MediaTokens:
    """Issues tokens and takes each back once.

    Tokens are looked up by their hash, so the time it takes tells nothing about them.

    Args:
        lifetime: Seconds a token is good for.
        capacity: How many may be out at once.
        new_token: Where tokens come from; letters, digits, ``-`` and ``_``.

    """

    def __init__(
        self,
        *,
        lifetime: float = LIFETIME,
        capacity: int = CAPACITY,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(_TOKEN_BYTES),
    ) -> None:
        self._lifetime = lifetime
        self._capacity = capacity
        self._new_token = new_token
        self._issued: dict[bytes, _Issued] = {}

    def issue(self, call_sid: str, now: float) -> MediaToken | Refusal:
        """Make the token of a call; an earlier one of the same call is void.

        Args:
            call_sid: Twilio's id of the call.
            now: Seconds, on any clock that only goes forward.

        """
        self._forget(now)
        self.revoke(call_sid)
        if sum(not one.used for one in self._issued.values()) >= self._capacity:
            return Refusal(Reason.FULL, "calls that wait for their media socket")
        token = MediaToken(self._new_token())
        self._issued[_digest(token.value)] = _Issued(call_sid, now + self._lifetime)
        return token

    def redeem(self, token: str, now: float) -> MediaPass | Refusal:
        """Take a token back; whatever comes of the socket, it is used.

        Args:
            token: As it stands in the path.
            now: Seconds, on the same clock.

        """
        issued = self._issued.get(_digest(token)) if len(token) <= _LONGEST_TOKEN else None
        if issued is None:
            return Refusal(Reason.MEDIA_UNKNOWN)
        if issued.used:
            return Refusal(Reason.MEDIA_USED, issued.call_sid)
        issued.used = True
        if issued.expires_at <= now:
            return Refusal(Reason.MEDIA_EXPIRED, issued.call_sid)
        return MediaPass(issued.call_sid)

    def revoke(self, call_sid: str) -> None:
        """Make a call's token void: the call is over."""
        for digest, issued in list(self._issued.items()):
            if issued.call_sid == call_sid and not issued.used:
                del self._issued[digest]

    def _forget(self, now: float) -> None:
        """Let go of what has been void for as long as it was good, for a while a known token."""
        for digest, issued in list(self._issued.items()):
            if issued.expires_at + self._lifetime <= now:
                del self._issued[digest]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
