"""Who gets through the public listener: guards in their order, the same for every route."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from starlette.requests import HTTPConnection, Request

from pipeline.clock import Clock
from server.phone.public.door import Door, peer_of
from server.phone.security.admission import LONGEST_BODY, Admission, AdmissionLimits, Ticket
from server.phone.security.forwarding import TrustedProxies, is_straight
from server.phone.security.refusal_log import RefusalLog
from server.phone.security.refusals import Reason, Refusal
from server.phone.security.webhook_guard import WebhookRequest

logger = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request or socket is refused; strangers learn no more than its status."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Gate:
    """Admits one kind of request.

    Args:
        what: The kind, for the log.
        limits: How many, how much, how slowly.
        door: The connections they come on.
        proxies: Whose word is taken about where they come from.
        clock: The clock of all limits.

    """

    def __init__(
        self,
        what: str,
        limits: AdmissionLimits,
        door: Door,
        proxies: TrustedProxies,
        clock: Clock,
    ) -> None:
        self._what = what
        self._admission = Admission(limits)
        self._door = door
        self._proxies = proxies
        self._clock = clock
        self._log = RefusalLog()

    @property
    def strangers(self) -> int:
        """How many are being looked at."""
        return self._admission.strangers

    @contextmanager
    def visit(self, connection: HTTPConnection) -> Iterator[Ticket]:
        """Look at a request or socket while a block runs.

        Raises:
            RefusedError: There are too many already.

        """
        address = self._address(connection)
        ours = self._proxies.trusts(address)
        ticket = self._admission.open(None if ours else address, self._clock.now())
        if isinstance(ticket, Refusal):
            raise RefusedError(ticket)
        try:
            yield ticket
        finally:
            self._admission.close(ticket)

    def admit(self, ticket: Ticket, connection: HTTPConnection) -> None:
        """Take in that it is genuine.

        Raises:
            RefusedError: There are too many.

        """
        refusal = self._admission.admit(ticket)
        if refusal is not None:
            raise RefusedError(refusal)
        self._door.admit(peer_of(connection.scope))

    def count(self, ticket: Ticket, size: int) -> None:
        """Take in that bytes came.

        Raises:
            RefusedError: It is too much, or too late.

        """
        refusal = self._admission.receive(ticket, size, self._clock.now())
        if refusal is not None:
            raise RefusedError(refusal)

    @asynccontextmanager
    async def in_time(self, ticket: Ticket) -> AsyncIterator[None]:
        """Let a block run no longer than a stranger has.

        Raises:
            RefusedError: It did not end in time.

        """
        try:
            async with asyncio.timeout(max(0.0, ticket.deadline - self._clock.now())):
                yield
        except TimeoutError:
            raise RefusedError(Refusal(Reason.TOO_SLOW)) from None

    def note(self, refusal: Refusal, connection: HTTPConnection) -> None:
        """Write a refusal into the log, unless there were many like it."""
        address = self._address(connection)
        if (line := self._log.note(self._what, refusal, address, self._clock.now())) is not None:
            logger.warning("The public listener %s", line)

    def _address(self, connection: HTTPConnection) -> str:
        forwarded = connection.headers.getlist("x-forwarded-for")
        return self._proxies.client(peer_of(connection.scope)[0], forwarded)


async def read_body(request: Request, gate: Gate, ticket: Ticket) -> bytes:
    """Read a stranger's body, no more and no longer than they may.

    Raises:
        RefusedError: It is too large or too slow.

    """
    if _announced(request.headers.getlist("content-length")) > LONGEST_BODY:
        raise RefusedError(Refusal(Reason.TOO_LARGE))
    body = bytearray()
    async with gate.in_time(ticket):
        async for chunk in request.stream():
            gate.count(ticket, len(chunk))
            body += chunk
    return bytes(body)


def webhook_request(scope: Any, body: bytes = b"") -> WebhookRequest:
    """Return a request as it came, nothing decoded."""
    request = WebhookRequest.from_asgi(
        scope["raw_path"], scope["query_string"], scope["headers"], body
    )
    names = (name.decode("latin-1") for name, _ in scope["headers"])
    return replace(request, straight=is_straight(peer_of(scope)[0], names))


def _announced(lengths: Iterable[str]) -> int:
    return max((int(one) for one in lengths if one.isdigit()), default=0)
