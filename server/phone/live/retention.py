"""Forgets calls, and removes their sound, after the time that the settings give them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from server.phone.calls.files import CallFiles, CallFilesError
from server.phone.calls.limits import MONTH
from server.phone.calls.record import CallRecord
from server.phone.calls.store import CallStore
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

_OURS: Final = re.compile(r"[0-9a-f]{12}\.wav")
"""Names of our recordings: the folder may hold other files too, which are not ours to remove."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is known of calls is kept. A period of 0 days has no end."""

    store: CallStore
    files: CallFiles
    recordings: Path
    """Folder of recordings; it need not be there."""

    transcript_days: int
    """For calls and what was said in them."""

    recording_days: int

    async def carry_out(self, now: datetime, when_changed: Callable[[CallRecord], None]) -> None:
        """Forget and remove what is old enough; what fails is logged, and tried again next time.

        Args:
            now: The time.
            when_changed: Gets the records of calls that lost their recording.

        A crash, or cancelling, leaves the rest for the next time.

        """
        if self.recording_days:
            await self._remove_recordings(now - timedelta(days=self.recording_days), when_changed)
        if self.transcript_days:
            await self._forget_calls(now, now - timedelta(days=self.transcript_days))

    async def _forget_calls(self, now: datetime, before: datetime) -> None:
        try:
            # The file goes first: one without its call would be found by nobody any more.
            await asyncio.to_thread(self.files.remove_before, before)
            forgotten = await self.store.forget(before, now - MONTH)
        except (CallFilesError, StoreError) as error:
            logger.warning("Old calls are not forgotten: %s", error)
            return
        if forgotten:
            logger.info("%d calls of before %s are forgotten", len(forgotten), before.date())

    async def _remove_recordings(
        self, before: datetime, when_changed: Callable[[CallRecord], None]
    ) -> None:
        try:
            for name in await asyncio.to_thread(_removed, self.recordings, before):
                changed = await self.store.update(name.removesuffix(".wav"), _without_recording)
                if changed is not None:
                    when_changed(changed)
        except StoreError as error:
            logger.warning("Recordings are removed that calls still name: %s", error)


def _without_recording(record: CallRecord) -> CallRecord:
    recording = record.recording
    return record if recording is None else replace(record, recording=None)


def _removed(folder: Path, before: datetime) -> list[str]:
    """Remove recordings that ended before a time; return their names."""
    names = []
    try:
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                names.append(path.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        logger.warning("Old recordings are not removed from %s: %s", folder, error.strerror)
    return names
