"""Counts the connections of the public listener, before a byte of them is understood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.clock import Clock, Timer
from server.phone.security.admission import CONNECTIONS, Admission, AdmissionLimits, Ticket
from server.phone.security.forwarding import TrustedProxies
from server.phone.security.refusals import Reason, Refusal

SLOW: Final = 0.5
"""Seconds without anything genuine after which a connection makes room for others."""

Peer: TypeAlias = tuple[str, int]
"""Address and port of the other end."""


@dataclass(frozen=True, slots=True)
class _Visitor:
    ticket: Ticket
    hang_up: Callable[[], None]


class Door:
    """Hangs up on strangers: too many, too slow, or with too much to say.

    Args:
        proxies: Ours, behind which many may be.
        clock: The clock of the limits.
        limits: How much is let in.

    """

    def __init__(
        self, proxies: TrustedProxies, clock: Clock, limits: AdmissionLimits = CONNECTIONS
    ) -> None:
        self._proxies = proxies
        self._clock = clock
        self._admission = Admission(limits)
        self._visitors: dict[Peer, _Visitor] = {}
        self._timer: Timer | None = None

    @property
    def strangers(self) -> int:
        """Connections on which nothing genuine came yet."""
        return self._admission.strangers

    def open(self, peer: Peer, hang_up: Callable[[], None]) -> bool:
        """Take in a new connection; returns whether it may stay.

        When there is no room left, whoever is slowest goes: what is genuine proves so within
        moments, and those who hold connections open must not keep it out.
        """
        address, now = None if self._proxies.trusts(peer[0]) else peer[0], self._clock.now()
        ticket = self._admission.open(address, now)
        if isinstance(ticket, Refusal) and ticket.reason is Reason.FULL:
            self._send_slowest_away(now)
            ticket = self._admission.open(address, now)
        if isinstance(ticket, Refusal):
            return False
        self._visitors[peer] = _Visitor(ticket, hang_up)
        self._arm()
        return True

    def receive(self, peer: Peer, count: int) -> bool:
        """Take in that bytes came; returns whether they may be looked at."""
        visitor = self._visitors.get(peer)
        if visitor is None:
            return False
        return self._admission.receive(visitor.ticket, count, self._clock.now()) is None

    def admit(self, peer: Peer) -> None:
        """Take in that something genuine came on a connection."""
        if (visitor := self._visitors.get(peer)) is not None:
            self._admission.admit(visitor.ticket)

    def close(self, peer: Peer) -> None:
        """Take in that a connection is gone. Harmless twice."""
        if (visitor := self._visitors.pop(peer, None)) is not None:
            self._admission.close(visitor.ticket)

    def close_all(self) -> None:
        """Wait for nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._visitors.clear()

    def _send_slowest_away(self, now: float) -> None:
        slowest = self._admission.slowest(now, SLOW)
        for peer, visitor in list(self._visitors.items()):
            if visitor.ticket == slowest:
                self.close(peer)
                visitor.hang_up()
                return

    def _arm(self) -> None:
        if self._timer is None and (at := self._admission.get_timer()) is not None:
            self._timer = self._clock.call_at(at, self._let_time_pass)

    def _let_time_pass(self) -> None:
        self._timer = None
        late = set(self._admission.handle_timer(self._clock.now()))
        for peer, visitor in list(self._visitors.items()):
            if visitor.ticket in late:
                del self._visitors[peer]
                visitor.hang_up()
        self._arm()


def guarded_protocol(door: Door) -> type[H11Protocol]:
    """Return uvicorn's protocol with a door in front. A media socket closes its own visit."""

    class GuardedProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
            super().connection_made(transport)
            if self.client is None or not door.open(self.client, transport.abort):
                transport.abort()

        def data_received(self, data: bytes) -> None:
            if self.client is not None and door.receive(self.client, len(data)):
                super().data_received(data)
            else:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                door.close(self.client)
            super().connection_lost(exc)

    return GuardedProtocol


def peer_of(scope: Any) -> Peer:
    """Return the other end of a request's connection."""
    return cast("Peer", tuple(scope["client"]))
