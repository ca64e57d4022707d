"""The record of one call, kept as it goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from server.phone.audio.recorder import Recorder
from server.phone.calls.costs import Usage, estimate
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
        self._closed = False

    def tell(self, event: CallerSaid | AgentSaid | ToolUsed) -> None:
        """Take in what was said or done."""
        self._rows.put_nowait(self._transcript.row(event))

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
        if not self._closed:
            self.record = replace(self.record, provider_recording=recording)
        return not self._closed

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
        """Keep the call as it stands, when that is news."""
        self.record = standing(self.record, state, self._kit.wall_time)
        if self.record != self._announced:
            self.announce(CallChanged())
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
        cost = estimate(self._usages(), self._kit.config.costs)
        recording = None if self._recorder is None else await self._recorder.wait_written()
        self.record = replace(
            self.record,
            metrics=self._transcript.metrics,
            cost=cost,
            recording=None
            if recording is None or not recording.seconds
            else Recording(recording.path.name, recording.seconds),
        )
        self._closed = True
        await self.save(state)
        self._kit.tell_over(self.record)

    def _usages(self) -> Iterator[Usage]:
        """Return what each attempt used."""
        recorded = self._kit.record_url("") is not None and self.record.message is None
        modelled = self.record.engine == "realtime"
        for one in self.record.attempts:
            seconds = float(one.duration or 0)
            last = one.number == self.record.attempt
            yield Usage(
                self.record.direction,
                self.record.peer,
                seconds,
                media_seconds=seconds,
                recorded_seconds=seconds if recorded else 0.0,
                machine_detection=one.answered_by is not None,
                realtime_input_seconds=seconds if modelled else 0.0,
                realtime_output_seconds=self._transcript.spoken if modelled and last else 0.0,
            )
