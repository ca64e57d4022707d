"""The record of one call, kept as it goes on."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from server.phone.audio.recorder import Recorder
from server.phone.calls.costs import Usage, estimate
from server.phone.calls.record import CallRecord, Recording, TranscriptRow
from server.phone.calls.report import Report
from server.phone.calls.standing import standing
from server.phone.calls.state import CallState
from server.phone.engines.engine import AgentSaid, CallerSaid, ToolUsed
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
        self._transcript = Transcript(kit.wall_time)
        self._rows: asyncio.Queue[TranscriptRow | None] = asyncio.Queue()
        self.record = record
        self._recorder: Recorder | None = None

    def tell(self, event: CallerSaid | AgentSaid | ToolUsed) -> None:
        """Take in what was said or done."""
        self._rows.put_nowait(self._transcript.row(event))

    def report(self, report: Report) -> None:
        """Take in what the agent reports of the call."""
        self.record = self.record.with_report(report)

    def begin_recording(self) -> Recorder | None:
        """Begin to keep the call's sound; ``None`` when it is not kept, or is already."""
        folder = self._kit.recordings
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
        """Keep the call as it stands, when that is news."""
        self.record = standing(self.record, state, self._kit.wall_time)
        if self.record == self._saved:
            return
        try:
            await self._kit.store.save(self.record)
            self._saved = self.record
        except StoreError as error:
            logger.warning("call:%s could not be kept: %s", self.record.id, error)

    async def keep_rows(self) -> None:
        """Keep what is said, until :meth:`end_rows`."""
        number = 0
        while (row := await self._rows.get()) is not None:
            number += 1
            try:
                await self._kit.store.put_row(self.record.id, number, row)
            except StoreError as error:
                logger.warning("call:%s: a row could not be kept: %s", self.record.id, error)

    async def close(self, state: CallState) -> None:
        """Keep what the call came to."""
        usages = [
            Usage(
                self.record.direction,
                self.record.peer,
                float(one.duration or 0),
                media_seconds=float(one.duration or 0),
                machine_detection=one.answered_by is not None,
            )
            for one in self.record.attempts
        ]
        cost = estimate(usages, self._kit.config.costs)
        recording = None if self._recorder is None else await self._recorder.wait_written()
        self.record = replace(
            self.record,
            metrics=self._transcript.metrics,
            cost=cost,
            recording=None
            if recording is None or not recording.seconds
            else Recording(recording.path.name, recording.seconds),
        )
        await self.save(state)
