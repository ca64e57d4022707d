"""Tells OpenClaw sessions what was said in calls that they did not hear."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from pipeline.clock import Clock
from pipeline.errors import StageError
from server.phone.calls.record import CallRecord
from server.phone.calls.session_note import session_note
from server.phone.calls.store import CallStore
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

PAUSES: Final = (5.0, 15.0, 60.0, 300.0, 900.0, *(3600.0,) * 24)
"""Seconds between attempts to tell a session: about a day. What could not be told then is tried
again when the service starts next."""

AT_ONCE: Final = 2
"""Sessions that are told at a time: each is a turn of an agent."""


class TellSession(Protocol):
    """Makes something a real turn of an OpenClaw session, of which the answer is dropped."""

    async def __call__(self, session_key: str, text: str, *, idempotency_key: str) -> None:
        """Tell it.

        Args:
            session_key: The whole key, which names the agent.
            text: What the agent shall remember.
            idempotency_key: Under the same key it is told once.

        Raises:
            StageError: It may not have been told.

        Cancelling may leave it told.

        """


class SessionNotes:
    """Tells each session once, however long the gateway is away; no call waits for it.

    Args:
        store: Says what is to be told, and keeps that it was.
        clock: Measures the pauses.
        tell: Tells a session.
        when_told: Gets the record of a call whose session was told.

    """

    def __init__(
        self,
        store: CallStore,
        clock: Clock,
        tell: TellSession,
        when_told: Callable[[CallRecord], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell
        self._when_told = when_told
        self._over: asyncio.Queue[CallRecord] = asyncio.Queue()
        self._begun: set[str] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def call_over(self, record: CallRecord) -> None:
        """Take in that a call is over, and was kept."""
        if record.session_note == "owed":
            self._over.put_nowait(record)

    async def run(self) -> None:
        """Tell sessions, first of calls of before; when cancelled, the rest at the next start."""
        try:
            for record in await self._store.owing():
                self._over.put_nowait(record)
        except StoreError as error:
            logger.warning("What sessions were not told of calls of before: %s", error)
        async with asyncio.TaskGroup() as tasks:
            while True:
                record = await self._over.get()
                if record.id not in self._begun:
                    self._begun.add(record.id)
                    tasks.create_task(self._note(record.id), name=f"call:{record.id} note")

    async def _note(self, call_id: str) -> None:
        try:
            record = await self._store.get(call_id)
            if record is None or record.session_key is None:
                return
            text = session_note(record)
            if text and not await self._told(record, record.session_key, text):
                return
            told = await self._store.update(call_id, _told if text else _not_needed)
        except StoreError as error:
            logger.warning("call:%s: whether its session was told: %s", call_id, error)
            return
        except Exception:  # a bug costs its own note, and no call that goes on
            logger.exception("call:%s: its session was not told", call_id)
            return
        if told is not None:
            self._when_told(told)

    async def _told(self, record: CallRecord, session_key: str, text: str) -> bool:
        """Tell the session; returns whether that was possible in the end."""
        for tried, pause in enumerate((*PAUSES, None), start=1):
            try:
                async with self._turns:
                    await self._tell(session_key, text, idempotency_key=f"call-note-{record.id}")
            except StageError as error:
                log = logger.warning if tried == 1 else logger.debug
                log("call:%s: its session was not told what was said: %s", record.id, error)
            else:
                return True
            if pause is not None:
                await self._clock.sleep_until(self._clock.now() + pause)
        logger.error("call:%s: its session could not be told what was said", record.id)
        return False


def _told(record: CallRecord) -> CallRecord:
    return replace(record, session_note="told")


def _not_needed(record: CallRecord) -> CallRecord:
    return replace(record, session_note="none")
