"""Calls that are asked for: each wish is one call, and none goes beyond what is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.phone.calls.limits import Spent
from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRefusedError, CallRequest, Obstacle
from server.phone.calls.store import attempt_id
from server.phone.live.kit import CallKit
from server.phone.live.planning import Planned, Planning


class Placing:
    """Takes wishes for calls, one after the other.

    Args:
        kit: What all calls share.
        planning: Plans them.
        begin: Begins one that was planned and kept.

    """

    def __init__(self, kit: CallKit, planning: Planning, begin: Callable[[Planned], None]) -> None:
        self._kit = kit
        self._planning = planning
        self._begin = begin
        self._one_at_a_time = asyncio.Lock()

    async def place(self, request: CallRequest) -> CallRecord:
        """Begin to make a call; see :meth:`server.phone.live.switchboard.Switchboard.place`."""
        # The same wish, sent twice at once, must find itself.
        async with self._one_at_a_time:
            known = await self._asked_before(request)
            return known if known is not None else await self._place(request)

    async def _asked_before(self, request: CallRequest) -> CallRecord | None:
        if request.idempotency_key is None:
            return None
        known = await self._kit.store.asked_before(request.idempotency_key)
        if known is not None and known.request is not None and known.request.to != request.to:
            raise CallRefusedError(
                "idempotency_key stands for a call to another number: send a new one",
                Obstacle.REQUEST,
            )
        return known

    async def _place(self, request: CallRequest) -> CallRecord:
        planned = await self._planning.outbound(request)
        self._kit.approvals.check(planned.record)
        record, plan = planned.record, planned.plan
        spent = attempt_id(record.id, 1)
        # Whoever calls in meanwhile must find it counted.
        self._kit.limits.begin(
            Spent(spent, record.peer, "outbound", record.started_at, plan.longest)
        )
        kept = None
        try:
            kept = await self._kit.store.add(record)
        finally:
            if kept is None or kept.id != record.id:
                self._kit.limits.end(spent, 0.0)
        if kept.id == record.id:
            self._begin(planned)
        return kept
