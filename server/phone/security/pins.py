"""Sans-I/O: the PINs that callers prove themselves with."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import SecretStr

from server.phone.security.refusals import Reason, Refusal

LONGEST_PIN: Final = 16
SHORTEST_PIN: Final = 4

_KEYS: Final = frozenset("0123456789")
_MOST_CALLERS: Final = 1024
"""Callers whose wrong PINs are remembered; each costs a call to be one."""


@dataclass(frozen=True, slots=True)
class PinRules:
    """How often the PIN may be wrong."""

    per_caller: int = 3
    """Wrong PINs of one caller after which they are locked out."""

    in_total: int = 20
    """Wrong PINs of all callers together after which everybody is locked out: numbers are easily
    forged, so a guesser may be a new caller each time."""

    lockout: float = 900.0
    """Seconds that a wrong PIN counts."""


@dataclass(frozen=True, slots=True)
class PinRight:
    """They knew one."""

    person: str = ""
    """Whose it is; "" for the one that proves nobody's identity."""


@dataclass(frozen=True, slots=True)
class PinWrong:
    """They did not."""

    attempts_left: int
    """How often they may try again, before they are locked out."""


PinVerdict: TypeAlias = PinRight | PinWrong | Refusal


def checked_pin(pin: SecretStr) -> SecretStr:
    """Return a PIN.

    Raises:
        ValueError: It is none of :data:`SHORTEST_PIN` to :data:`LONGEST_PIN` digits.

    """
    digits = pin.get_secret_value()
    if not SHORTEST_PIN <= len(digits) <= LONGEST_PIN or not _KEYS.issuperset(digits):
        raise ValueError(f"a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits")
    return pin


class PinGuard:
    """The PINs, and who got them wrong.

    Args:
        pin: The one that lets in, and proves nobody's identity; ``None`` without it.
        rules: How often they may be wrong.
        of_people: The PINs that do prove it, by the names of people. No two PINs are the same.

    Raises:
        ValueError: One is no PIN.

    """

    def __init__(
        self,
        pin: SecretStr | None,
        rules: PinRules | None = None,
        of_people: Mapping[str, SecretStr] | None = None,
    ) -> None:
        pins = {"": pin, **(of_people or {})}
        self._digests = {
            person: _digest(checked_pin(one).get_secret_value())
            for person, one in pins.items()
            if one is not None
        }
        self._rules = rules or PinRules()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._all_wrong: deque[float] = deque()

    def locked(self, caller: str, now: float) -> Refusal | None:
        """Return why a caller need not be asked for the PIN, if so."""
        self._forget(now)
        if len(self._all_wrong) >= self._rules.in_total:
            return Refusal(Reason.PIN_LOCKED, "all callers together")
        if len(self._wrong.get(caller, ())) >= self._rules.per_caller:
            return Refusal(Reason.PIN_LOCKED)
        return None

    def check(self, caller: str, entered: str, now: float) -> PinVerdict:
        """Compare what was entered, in time that does not tell how much of it was right.

        Args:
            caller: Who: their number, or the call's id when it is hidden.
            entered: What they pressed; longer than any PIN is wrong.
            now: Seconds, on any clock that only goes forward.

        Returns:
            Whether it was right; a refusal, right or wrong, once too many were wrong.

        """
        refusal = self.locked(caller, now)
        if refusal is not None:
            return refusal
        digest = _digest(entered[: LONGEST_PIN + 1])
        # All are compared: how long it takes tells nothing of whose was right.
        right = [who for who, one in self._digests.items() if hmac.compare_digest(digest, one)]
        if right:
            self._wrong.pop(caller, None)
            return PinRight(right[0])
        wrong = self._wrong.setdefault(caller, deque())
        wrong.append(now)
        self._all_wrong.append(now)
        self._wrong.move_to_end(caller)
        if len(self._wrong) > _MOST_CALLERS:
            self._wrong.popitem(last=False)
        return self.locked(caller, now) or PinWrong(self._rules.per_caller - len(wrong))

    def _forget(self, now: float) -> None:
        """Let go of what was wrong long ago."""
        before = now - self._rules.lockout
        while self._all_wrong and self._all_wrong[0] <= before:
            self._all_wrong.popleft()
        # The caller at the front is the one whose last mistake is the longest ago.
        while self._wrong and (first := next(iter(self._wrong.items())))[1][-1] <= before:
            del self._wrong[first[0]]
        for wrong in self._wrong.values():
            while wrong[0] <= before:
                wrong.popleft()


def _digest(digits: str) -> bytes:
    """Make all PINs equally long."""
    return hashlib.sha256(digits.encode("utf-8", "replace")).digest()
