"""Status callbacks: what the program is told of the progress of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeAlias

from tests.peers.twilio.clock import LineClock
from tests.peers.twilio.webhooks import Webhooks

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class ReportedCall(Protocol):
    """What reports are about."""

    clock: LineClock
    webhooks: Webhooks
    options: dict[str, Any]
    callbacks: list[dict[str, str]]

    def fields(self) -> dict[str, str]: ...


class StatusReports:
    """Sends the status callbacks of one call, beside the call itself."""

    def __init__(self, call: ReportedCall, spawn: Spawn) -> None:
        self._call = call
        self._spawn = spawn
        self._underway: list[asyncio.Task[None]] = []
        self._last: asyncio.Task[None] | None = None

    def add(self, event: str, **more: str) -> None:
        """Report an event, after those before it unless it is to be late."""
        call = self._call
        wanted = call.options.get("StatusCallbackEvent") or ["completed"]
        if event not in wanted:
            return
        fields = call.fields() | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(len(call.callbacks)),
            "Timestamp": call.clock.date(),
            **more,
        }
        call.callbacks.append(fields)
        if call.options.get("StatusCallback"):
            task = self._spawn(self._send(event, fields, self._last))
            self.follow(task)
            if event not in call.webhooks.delays:
                self._last = task

    def follow(self, task: asyncio.Task[None]) -> None:
        """Count something else that is told to the program among the reports."""
        self._underway.append(task)

    async def sent(self) -> None:
        """Wait until everything has been told."""
        if self._underway:
            await asyncio.wait(self._underway)

    async def _send(
        self, event: str, fields: dict[str, str], before: asyncio.Task[None] | None
    ) -> None:
        call = self._call
        if event in call.webhooks.delays:
            await call.clock.sleep(call.webhooks.delays[event])
        elif before is not None:
            await asyncio.wait({before})
        method = call.options.get("StatusCallbackMethod", "POST")
        await call.webhooks.send(call.options["StatusCallback"], fields, method)
