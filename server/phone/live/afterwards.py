"""What happens to calls once they are over: their files, what sessions are told, what is forgotten.

No call waits for any of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from pipeline.clock import Clock
from server.phone.calls.record import CallRecord
from server.phone.calls.store import CallStore
from server.phone.live.archive import Archive
from server.phone.live.retention import Retention
from server.phone.live.session_notes import SessionNotes, TellSession
from server.phone.messages.message_desk import Attention, MessageDesk, MessageStore

logger = logging.getLogger(__name__)

DAY: Final = 86_400.0
"""Seconds between one look for what is old enough to be forgotten and the next."""


class Afterwards:
    """Follows calls that are over.

    Args:
        retention: How long what is known of them is kept.
        store: Has the calls.
        clock: Measures pauses.
        now: Tells the time of day, in UTC.
        tell: Tells sessions what was said; ``None`` without a gateway.
        messages: Who listens to messages; ``None`` where nobody can leave one.

    """

    def __init__(
        self,
        retention: Retention,
        store: CallStore,
        clock: Clock,
        now: Callable[[], datetime],
        tell: TellSession | None,
        messages: Attention | None = None,
    ) -> None:
        self._retention = retention
        self._clock = clock
        self._now = now
        self._archive = archive = Archive(store, retention.files)
        self._messages: MessageDesk | None = None
        if messages is not None:
            kept = MessageStore(store, retention.recordings)
            self._messages = MessageDesk(kept, messages, clock, archive.update)
        self._notes = None if tell is None else SessionNotes(store, clock, tell, archive.update)

    def call_over(self, record: CallRecord) -> None:
        """Take in that a call is over, and was kept."""
        self._archive.update(record)
        if self._notes is not None:
            self._notes.call_over(record)
        if self._messages is not None:
            self._messages.call_over(record)

    def call_changed(self, record: CallRecord) -> None:
        """Take in that more is known of a call that is over."""
        self._archive.update(record)

    async def run(self) -> None:
        """Do what calls leave to be done, until cancelled; the rest is for the next start."""
        await self._archive.begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._archive.run(), name="files of calls")
            tasks.create_task(self._forget(), name="old calls")
            if self._notes is not None:
                tasks.create_task(self._notes.run(), name="notes of calls")
            if self._messages is not None:
                tasks.create_task(self._messages.run(), name="messages")

    async def _forget(self) -> None:
        while True:
            try:
                await self._retention.carry_out(self._now(), self._archive.update)
            except Exception:  # a bug costs no call that goes on
                logger.exception("Old calls are not forgotten")
            await self._clock.sleep_until(self._clock.now() + DAY)
