"""Sans-I/O: requests that were answered before.

What is signed has no date, so a signed request is right for ever. Twilio itself repeats one when
no answer came; anybody who saw one can. Either way it has no effect a second time.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LIFETIME: Final = 24 * 3600.0
"""Seconds a request is remembered: the longest call Twilio carries, so that none can be repeated
into a call that still goes on."""

CAPACITY: Final = 16_384
"""Requests remembered; only those with the right signature are, so nobody else can fill this."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with."""

    status: int
    content_type: str = ""
    body: str = ""


class RepeatKind(StrEnum):
    """Who repeats a request, as far as can be told."""

    RETRY = "retry"
    """Twilio: with the same idempotency token."""

    REPLAY = "replay"
    """With another token, or none. The token is not signed, so a retry may be an attacker's too;
    this one certainly is no retry of Twilio's."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that was there before: answer as before, and do nothing."""

    kind: RepeatKind
    answer: Answer | None
    """What it was answered with; ``None`` while that is still being worked out."""


@dataclass(slots=True)
class _Seen:
    idempotency_token: str
    forget_at: float
    answer: Answer | None = None


def replay_key(algorithm: str, signature: str) -> bytes:
    """Return what two requests have in common when one repeats the other.

    The signature alone, once it was found right: it covers the address and the fields. The body
    must not count, since its encoding, the order of its fields and doubled ones are not signed:
    changing them would make an old request a new one. Nor must the idempotency token.
    """
    return hashlib.sha256(f"{algorithm}\0{signature}".encode("utf-8", "replace")).digest()


def unsigned_key(target: str, body: bytes) -> bytes:
    """Return what two requests have in common of which neither needs a signature."""
    return hashlib.sha256(target.encode("utf-8", "replace") + b"\0" + body).digest()


class ReplayStore:
    """Remembers requests, for a while.

    Args:
        lifetime: Seconds.
        capacity: How many at most; the oldest go first.

    """

    def __init__(self, *, lifetime: float = LIFETIME, capacity: int = CAPACITY) -> None:
        self._lifetime = lifetime
        self._capacity = capacity
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._seen)

    def notice(self, key: bytes, idempotency_token: str, now: float) -> Repeat | None:
        """Take in a request whose signature is right.

        Args:
            key: See :func:`replay_key`.
            idempotency_token: Its ``I-Twilio-Idempotency-Token``; ``""`` without.
            now: Seconds, on any clock that only goes forward.

        Returns:
            ``None`` when it is new.

        """
        while self._seen and next(iter(self._seen.values())).forget_at <= now:
            self._seen.popitem(last=False)
        seen = self._seen.get(key)
        if seen is not None:
            same = bool(idempotency_token) and idempotency_token == seen.idempotency_token
            return Repeat(RepeatKind.RETRY if same else RepeatKind.REPLAY, seen.answer)
        if len(self._seen) >= self._capacity:
            self._seen.popitem(last=False)
        self._seen[key] = _Seen(idempotency_token, now + self._lifetime)
        return None

    def keep_answer(self, key: bytes, answer: Answer) -> None:
        """Remember what a request was answered with; does nothing when it is forgotten already."""
        if key in self._seen:
            self._seen[key].answer = answer

    def forget(self, key: bytes) -> None:
        """Let a request come again: it could not be answered, through no fault of its own."""
        self._seen.pop(key, None)
