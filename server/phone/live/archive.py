"""Writes a file for every call that is over."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from server.phone.calls.files import CallFiles, CallFilesError
from server.phone.calls.record import CallRecord
from server.phone.calls.store import CallStore, HistoryQuery
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

LOOKED_THROUGH: Final = 200
"""Calls of before that are looked through for one whose file a crash has prevented."""


class Archive:
    """The files of calls, as they follow the store.

    Args:
        store: Has the calls.
        files: Where they are written.

    """

    def __init__(self, store: CallStore, files: CallFiles) -> None:
        self._store = store
        self._files = files
        self._changed: asyncio.Queue[str] = asyncio.Queue()

    def update(self, record: CallRecord) -> None:
        """Take in that a call is over, or that its record has changed since."""
        self._changed.put_nowait(record.id)

    async def begin(self) -> None:
        """Clear up after a crash: half a file goes, one that is missing is written by :meth:`run`.

        Cancelling leaves the rest for the next start.
        """
        try:
            await asyncio.to_thread(self._files.remove_unfinished)
            written = {entry["id"] for entry in await asyncio.to_thread(self._files.index)}
            for record in reversed(await self._store.history(HistoryQuery(limit=LOOKED_THROUGH))):
                if record.id not in written and _has_file(record):
                    self.update(record)
        except (CallFilesError, StoreError) as error:
            logger.warning("The files of calls: %s", error)

    async def run(self) -> None:
        """Write files until cancelled; a file that is being written then is whole or not there."""
        while True:
            call_id = await self._changed.get()
            try:
                record = await self._store.get(call_id)
                if record is not None:
                    await asyncio.to_thread(self._files.write, record)
            except (CallFilesError, StoreError) as error:
                logger.warning("call:%s has no file: %s", call_id, error)
            except Exception:  # a bug costs its own file, and no call that goes on
                logger.exception("call:%s has no file", call_id)


def _has_file(record: CallRecord) -> bool:
    """Return whether a call has a file: not one that was refused, of which many may come."""
    return record.status.is_final and (record.missed is None or bool(record.attempts))
