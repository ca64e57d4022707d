"""The memory of the service."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.turn_record import TurnRecord
from server.control import turns_router
from server.parts import PartState, PartStatus
from server.store.database import Result, open_database
from server.store.errors import StoreError
from server.store.repositories import Store

logger = logging.getLogger(__name__)


class StorePart:
    """Keeps the store open while the service runs; without one, the service remembers nothing.

    Args:
        folder: Where the store's file lies.

    """

    name = "store"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: Store | None = None
        self._status = PartStatus(PartState.STARTING)
        self._settled = asyncio.Event()
        self.router = turns_router(self)

    def status(self) -> PartStatus:
        """How the part is doing now."""
        return self._status

    async def run(self) -> None:
        """Keep the store open until cancelled."""
        try:
            async with open_database(self._folder) as database:
                self._store = Store.over(database)
                self._status = PartStatus(PartState.OK)
                self._settled.set()
                await asyncio.Event().wait()
        except StoreError as error:
            logger.error("Nothing is kept: %s", error)  # noqa: TRY400 - the message says it all
            self._status = PartStatus(PartState.FAILED, f"nothing is kept: {error}")
            self._settled.set()
        finally:
            self._store = None

    async def opened(self) -> None:
        """Wait until the store is open, or cannot be opened. Cancelling is safe."""
        await self._settled.wait()

    def store(self) -> Store:
        """Return the store.

        Raises:
            StoreError: There is none now.

        """
        if self._store is None:
            raise StoreError(self._status.message or "the store is not open")
        return self._store

    async def add(self, record: TurnRecord) -> None:
        """Keep a turn; that it cannot be kept is only logged. Cancelling does not undo it."""
        try:
            await self.store().turns.add(record)
        except StoreError as error:
            logger.warning("Turn %s is not kept: %s", record.id, error)

    async def newest(
        self, *, limit: int, before: str | None = None, conversation: str | None = None
    ) -> list[dict[str, Any]]:
        """Return turn records, newest first; see :class:`server.control.TurnReader`."""
        return await self.store().turns.newest(
            limit=limit, before=before, conversation=conversation
        )


class StoreDatabase:
    """The store's file for those who come before it is open.

    Args:
        part: Opens it.

    """

    def __init__(self, part: StorePart) -> None:
        self._part = part

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run ``work`` in a transaction; see :meth:`server.store.database.Database.run`.

        Raises:
            StoreError: The store is not open, or the file cannot be read or written.

        """
        return await self._part.store().database.run(work)
