"""What becomes of messages, once the calls are over in which they were left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.clock import Clock
from pipeline.errors import StageError
from server.phone.calls.record import CallRecord, Message, TranscriptRow
from server.phone.calls.store import CallStore
from server.phone.live.events import CallEvents, CallNews, MessageKept
from server.phone.messages.transcriber import Transcriber, Written
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

PAUSES: Final = (5.0, 30.0, 120.0)
"""Seconds between attempts to write a message down. What could not be written down then is tried
again when the service starts next."""

_ROW: Final = 1_000_000
"""Number of the message in the call's transcript: no call has so many rows."""


@dataclass(frozen=True, slots=True)
class MessageStore:
    """Where messages are kept."""

    calls: CallStore
    recordings: Path
    """Folder of their sound."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Who learns what messages say."""

    transcriber: Transcriber
    """Listens to them."""

    events: CallEvents
    """Tells whoever watches that one was left."""


class MessageDesk:
    """Writes messages down, one after another; no call waits for it.

    Args:
        store: Where they are kept.
        attention: Who listens to them, and who is told.
        clock: Measures pauses, and says when observers are told.
        when_changed: Gets the record of a call that has changed since it was over.

    """

    def __init__(
        self,
        store: MessageStore,
        attention: Attention,
        clock: Clock,
        when_changed: Callable[[CallRecord], None],
    ) -> None:
        self._store = store
        self._transcriber = attention.transcriber
        self._clock = clock
        self._events = attention.events
        self._when_changed = when_changed
        self._over: asyncio.Queue[CallRecord] = asyncio.Queue()

    def call_over(self, record: CallRecord) -> None:
        """Take in that a call is over, and was kept."""
        if record.missed is not None:
            self._over.put_nowait(record)

    async def run(self) -> None:
        """Deal with messages, first those of before; cancelling leaves the rest for next time."""
        try:
            for record in await self._store.calls.unwritten_messages():
                self._over.put_nowait(record)
        except StoreError as error:
            logger.warning("Messages of before that are not written down: %s", error)
        while True:
            record = await self._over.get()
            try:
                await self._deal_with(record)
            except StoreError as error:
                logger.warning("call:%s: its message: %s", record.id, error)
            except Exception:  # a bug costs its own message, and no call that goes on
                logger.exception("call:%s: its message is not written down", record.id)

    async def _deal_with(self, record: CallRecord) -> None:
        if record.message is None:
            await self._drop_silence(record)
        elif record.message.text is None:
            written = await self._write_down(record)
            if written is not None:
                await self._keep(record, record.message, written)

    async def _drop_silence(self, record: CallRecord) -> None:
        """Remove the sound of a call in which nothing was said."""
        if record.recording is None:
            return
        path = self._store.recordings / record.recording.file
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            logger.warning("call:%s: its silence is not removed: %s", record.id, error.strerror)
            return
        changed = await self._store.calls.update(record.id, _without_recording)
        if changed is not None:
            self._when_changed(changed)

    async def _write_down(self, record: CallRecord) -> Written | None:
        """Return what was said; ``None`` when that cannot be found out now."""
        if record.recording is None:
            logger.warning("call:%s: its message was not recorded", record.id)
            return Written("", None)
        path = self._store.recordings / record.recording.file
        for pause in (*PAUSES, None):
            try:
                return await self._transcriber.write_down(path, record.peer)
            except StageError as error:
                logger.warning("call:%s: its message is not written down: %s", record.id, error)
            if pause is not None:
                await self._clock.sleep_until(self._clock.now() + pause)
        return None

    async def _keep(self, record: CallRecord, message: Message, written: Written) -> None:
        text = written.text
        if text:
            row = TranscriptRow(message.began_at, "user", text)
            await self._store.calls.put_row(record.id, _ROW, row)
        whole = replace(message, text=text, language=written.language)
        changed = await self._store.calls.update(
            record.id, lambda kept: replace(kept, message=whole)
        )
        if changed is None:
            return  # it was forgotten meanwhile
        seconds = 0.0 if changed.recording is None else changed.recording.seconds
        logger.info("call:%s: a message of %.0f seconds was left", record.id, seconds)
        self._when_changed(changed)
        self._events.tell(CallNews(changed, MessageKept(), self._clock.now()))


def _without_recording(record: CallRecord) -> CallRecord:
    return replace(record, recording=None)
