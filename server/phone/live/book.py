"""The record of one call, kept as it goes on."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

from server.phone.audio.recorder import Recorder
from server.phone.calls.record import (
    CallRecord,
    Message,
    ProviderRecording,
    Recording,
    TranscriptRow,
)
from server.phone.calls.report import Report
from server.phone.calls.standing import standing
from server.phone.calls.state import CallState
from server.phone.engines.engine import AgentSaid, CallerSaid, ToolUsed
from server.phone.live.billing import estimated
from server.phone.live.events import CallChanged, CallEvent, CallNews
from server.phone.live.kit import CallKit
from server.phone.live.transcript import Transcript
from server.store.errors import StoreError

logger = logging.getLogger(__name__)


class CallBook:
    """Keeps what is known of a call in the store; a store that fails costs the record only.

    Args:
        kit: What all calls share.
        record: The call as it was kept first.

    """

    def __init__(self, kit: CallKit, record: CallRecord) -> None:
        self._kit = kit
        self._saved = record
        self._announced: CallRecord | None = None
        self._transcript = Transcript(kit.wall_time)
        self._rows: asyncio.Queue[TranscriptRow | None] = asyncio.Queue()
        self.record = record
        self._recorder: Recorder | None = None
        self._rows_kept = 0
        self.closed = False
        """Whether what the call came to is kept."""

    def tell(self, event: CallerSaid | AgentSaid | ToolUsed) -> None:
        """Take in what was said or done."""
        row = self._transcript.row(event)
        if row.text or row.role != "assistant":  # what was cut off before its first word
            self._rows.put_nowait(row)

    def announce(self, event: CallEvent) -> None:
        """Let whoever watches know that something happened."""
        self._announced = self.record
        self._kit.events.tell(CallNews(self.record, event, self._kit.clock.now()))

    def report(self, report: Report) -> None:
        """Take in what the agent reports of the call."""
        self.record = self.record.with_report(report)

    def leave_message(self, at: float) -> None:
        """Take in that the caller leaves a message, since a time on the clock."""
        self.record = replace(self.record, message=Message(self._kit.wall_time(at)))

    def receive_recording(self, recording: ProviderRecording) -> bool:
        """Take in a recording of the provider's; returns whether the record was still open."""
        if not self.closed:
            self.record = replace(self.record, provider_recording=recording)
        return not self.closed

    def begin_recording(self, folder: Path | None) -> Recorder | None:
        """Begin to keep the call's sound; ``None`` when it is not kept, or is already."""
        if folder is None or self._recorder is not None:
            return None
        self._recorder = Recorder(folder / f"{self.record.id}.wav", self._kit.clock.now())
        return self._recorder

    def end_recording(self) -> None:
        """Take in that there is no more sound. Harmless twice."""
        if self._recorder is not None:
            self._recorder.finish(self._kit.clock.now())

    def end_rows(self) -> None:
        """Take in that nothing more is said: :meth:`keep_rows` ends."""
        self._rows.put_nowait(None)

    async def save(self, state: CallState) -> None:
        """Keep the call as it stands, when that is news.

        One that is over is :meth:`close`'s: in the store, no call is over whose record is not
        whole, so that a crash before then leaves it to the next start.
        """
        self._stand(state)
        if state.end is None:
            await self._save()

    async def keep_rows(self) -> None:
        """Keep what is said, until :meth:`end_rows`; cancelled, :meth:`close` has the rest."""
        while (row := await self._rows.get()) is not None:
            await self._keep_row(row)

    async def close(self, state: CallState) -> None:
        """Keep what the call came to; of one that is broken off, what is known so far."""
        while not self._rows.empty():
            if (row := self._rows.get_nowait()) is not None:
                await self._keep_row(row)
        recording = None if self._recorder is None else await self._recorder.wait_written()
        self._stand(state)
        if state.end is None:
            await self._save()
            return
        cost = estimated(self._kit, self.record, self._transcript.spoken)
        self.record = replace(
            self.record,
            metrics=self._transcript.metrics,
            cost=cost,
            recording=None
            if recording is None or not recording.seconds
            else Recording(recording.path.name, recording.seconds),
        )
        self.closed = True
        self._stand(state)
        await self._save()
        self._kit.tell_over(self.record)

    def _stand(self, state: CallState) -> None:
        """Bring the record up to how the call stands."""
        self.record = standing(self.record, state, self._kit.wall_time)
        if self.record != self._announced:
            self.announce(CallChanged())

    async def _save(self) -> None:
        if self.record == self._saved:
            return
        try:
            await self._kit.store.save(self.record)
            self._saved = self.record
        except StoreError as error:
            logger.warning("call:%s could not be kept: %s", self.record.id, error)

    async def _keep_row(self, row: TranscriptRow) -> None:
        self._rows_kept += 1  # before the wait: cancelling it does not undo it
        try:
            await self._kit.store.put_row(self.record.id, self._rows_kept, row)
        except StoreError as error:
            logger.warning("call:%s: a row could not be kept: %s", self.record.id, error)
