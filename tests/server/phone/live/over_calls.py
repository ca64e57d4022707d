"""Calls that are over, in a store of their own, and a clock whose pauses pass at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.clock import LoopClock
from server.phone.calls.record import CallRecord, TranscriptRow
from server.phone.calls.status import CallStatus
from server.phone.calls.store import CallStore
from server.store.database import open_database
from tests.server.phone.calls.call_records import NOON, attempt, call

KEY = "agent:main:voice:15550002222"


class PatientClock(LoopClock):
    """Does not really pause, and knows what it was to."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    async def sleep_until(self, at: float) -> None:
        self.pauses.append(round(at - self.now(), 1))
        await asyncio.sleep(0)


def over(call_id: str = "c1", **changes: Any) -> CallRecord:
    """Return a call that is over, of an engine that does not keep the session."""
    values: dict[str, Any] = {
        "status": CallStatus.COMPLETED,
        "ended_at": NOON + timedelta(minutes=1),
        "attempts": (attempt(provider_call_id=f"CA{call_id}", ended_at=NOON),),
        "engine": "realtime",
        "session_key": KEY,
        "session_note": "owed",
    }
    return call(call_id, **(values | changes))


async def keep(store: CallStore, record: CallRecord, words: str = "Remember 42.") -> CallRecord:
    await store.add(record)
    if words:
        await store.put_row(record.id, 1, TranscriptRow(NOON, "user", words))
    return record


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not await what():  # noqa: ASYNC110 - whatever makes it so
            await asyncio.sleep(0.005)


@asynccontextmanager
async def working(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have something at work meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(work)
        yield
        running.cancel()


def with_store(folder: Path, test: Callable[[CallStore], Awaitable[None]]) -> None:
    async def main() -> None:
        async with open_database(folder) as database:
            await test(CallStore(database))

    asyncio.run(main())
