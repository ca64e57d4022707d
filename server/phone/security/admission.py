"""Sans-I/O: how many strangers may be at the door at once, with how much, and for how long.

The listener opens a ticket for each connection and each request, counts what comes in on it, and
admits it when its signature was right. Until then it is a stranger: few at once, little to say,
and not long. The deadline counts from the beginning, so dripping slowly gains nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from server.phone.security.forwarding import address_group
from server.phone.security.refusals import Reason, Refusal

LONGEST_HEAD: Final = 16 * 1024
"""Bytes of a request's line and headers."""

LONGEST_BODY: Final = 64 * 1024
"""Bytes of a request's body, and of a message on a media socket."""


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """How much is let in."""

    strangers: int
    """Not yet admitted, in all."""

    strangers_per_address: int
    """Not yet admitted, from one address."""

    admitted: int
    """Admitted, at once."""

    patience: float
    """Seconds from opening until it has to be admitted."""

    most_bytes: int
    """Bytes that may come in before it is admitted."""


CONNECTIONS: Final = AdmissionLimits(512, 32, 128, 5.0, LONGEST_HEAD + LONGEST_BODY)
"""Of connections, from being accepted until a request on them was found genuine. Behind a tunnel it
is not known yet who they are: there must be room for more than a few attackers have."""

WEBHOOKS: Final = AdmissionLimits(64, 8, 128, 5.0, LONGEST_BODY)
"""Of requests, from when their head was read; admitted when the signature is right."""

MEDIA_SOCKETS: Final = AdmissionLimits(32, 4, 32, 5.0, LONGEST_BODY)
"""Of media sockets, from their upgrade until ``start`` named their call."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A stranger who was let as far as the door."""

    number: int
    group: str | None
    """Address it is counted under; ``None`` for a proxy of ours, behind which many may be."""

    deadline: float
    """When it has to be admitted, on the clock of ``now``."""


@dataclass(slots=True)
class _Stranger:
    ticket: Ticket
    received: int = 0


class Admission:
    """Counts strangers and those admitted.

    After :meth:`open`, arm a timer for :meth:`get_timer`; when it is due, close what
    :meth:`handle_timer` returns. Every ticket has to be closed in the end.

    Args:
        limits: How much is let in.

    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._strangers: dict[int, _Stranger] = {}
        self._admitted: set[int] = set()
        self._by_group: Counter[str] = Counter()
        self._tickets = 0

    @property
    def strangers(self) -> int:
        """Tickets open and not admitted."""
        return len(self._strangers)

    @property
    def admitted(self) -> int:
        """Tickets open and admitted."""
        return len(self._admitted)

    def slowest(self, now: float, seconds: float) -> Ticket | None:
        """Return who has been a stranger for longest, if that is so many seconds."""
        first = next(iter(self._strangers.values()), None)
        if first is None or first.ticket.deadline - self._limits.patience > now - seconds:
            return None
        return first.ticket

    def open(self, address: str | None, now: float) -> Ticket | Refusal:
        """Let somebody as far as the door.

        Args:
            address: Where they come from; ``None`` when that is a proxy of ours, which is counted
                in all but not by itself.
            now: Seconds, on any clock that only goes forward.

        """
        group = None if address is None else address_group(address)
        if group is not None and self._by_group[group] >= self._limits.strangers_per_address:
            return Refusal(Reason.TOO_MANY, group)
        if len(self._strangers) >= self._limits.strangers:
            return Refusal(Reason.FULL, "strangers")
        self._tickets += 1
        ticket = Ticket(self._tickets, group, now + self._limits.patience)
        self._strangers[ticket.number] = _Stranger(ticket)
        if group is not None:
            self._by_group[group] += 1
        return ticket

    def receive(self, ticket: Ticket, count: int, now: float) -> Refusal | None:
        """Count bytes that came in, before they are kept; those admitted are not counted."""
        stranger = self._strangers.get(ticket.number)
        if stranger is None:
            return None
        if now >= ticket.deadline:
            return Refusal(Reason.TOO_SLOW)
        stranger.received += count
        if stranger.received > self._limits.most_bytes:
            return Refusal(Reason.TOO_LARGE)
        return None

    def admit(self, ticket: Ticket) -> Refusal | None:
        """Let somebody in who proved who they are."""
        if ticket.number in self._admitted:
            return None
        if len(self._admitted) >= self._limits.admitted:
            return Refusal(Reason.FULL, "admitted")
        self._leave_door(ticket)
        self._admitted.add(ticket.number)
        return None

    def close(self, ticket: Ticket) -> None:
        """Count somebody no longer, whatever became of them."""
        self._leave_door(ticket)
        self._admitted.discard(ticket.number)

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`; ``None`` for never."""
        # Everybody has the same patience, so the first is due first.
        first = next(iter(self._strangers.values()), None)
        return None if first is None else first.ticket.deadline

    def handle_timer(self, now: float) -> list[Ticket]:
        """Close those who took too long; returns them, to be told and hung up on."""
        late = [one.ticket for one in self._strangers.values() if one.ticket.deadline <= now]
        for ticket in late:
            self.close(ticket)
        return late

    def _leave_door(self, ticket: Ticket) -> None:
        if self._strangers.pop(ticket.number, None) is None or ticket.group is None:
            return
        self._by_group[ticket.group] -= 1
        if not self._by_group[ticket.group]:
            del self._by_group[ticket.group]
