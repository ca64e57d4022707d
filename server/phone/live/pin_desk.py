"""Asks callers for the PIN, before they are connected to anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.phone.calls.reception import AskPin
from server.phone.live.documents import HANG_UP, ask_keys
from server.phone.live.kit import CallKit
from server.phone.security.pins import PinGuard, PinRight, PinWrong
from server.phone.security.refusals import Refusal

MOST_ASKED: Final = 1000
"""Callers who are remembered; of more, the one who was asked first is forgotten."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller knew a PIN."""

    number: str | None
    to: str
    """Our number that they called."""

    person: str
    """Whose PIN it is; "" for the one that proves nobody's identity."""


@dataclass(slots=True)
class _Caller:
    asked: AskPin
    to: str
    times: int = 0


class PinDesk:
    """The callers who are being asked.

    Args:
        kit: What all calls share.
        guard: The PIN; ``None`` without one.

    """

    def __init__(self, kit: CallKit, guard: PinGuard | None) -> None:
        self._kit = kit
        self._guard = guard
        self._callers: dict[str, _Caller] = {}

    def ask(self, asked: AskPin, call_sid: str, to: str) -> str:
        """Begin to ask a caller; returns the TwiML."""
        while len(self._callers) >= MOST_ASKED:  # of whose end we were not told
            del self._callers[next(iter(self._callers))]
        self._callers[call_sid] = _Caller(asked, to)
        return self._document(call_sid, asked.prompt)

    def check(self, call_sid: str, digits: str) -> Admitted | Refusal | str:
        """Judge what was typed.

        Returns:
            Who is let in, why not, or TwiML by which they are asked again.

        """
        caller = self._callers.get(call_sid)
        if caller is None or self._guard is None:
            return HANG_UP
        who = caller.asked.number or call_sid
        verdict = self._guard.check(who, digits, self._kit.clock.now())
        match verdict:
            case PinWrong():
                return self._document(call_sid, caller.asked.again)
            case PinRight(person):
                self.forget(call_sid)
                return Admitted(caller.asked.number, caller.to, person)
            case Refusal():
                self.forget(call_sid)
                return verdict

    def forget(self, call_sid: str) -> bool:
        """Take in that a call is over; returns whether its caller was being asked."""
        return self._callers.pop(call_sid, None) is not None

    def _document(self, call_sid: str, prompt: str) -> str:
        caller = self._callers[call_sid]
        caller.times += 1
        url = self._kit.step_url(f"pin-{call_sid}-{caller.times}")
        return ask_keys(prompt, self._kit.config.defaults.locale, url)
