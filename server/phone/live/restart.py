"""After a restart: what becomes of the calls that were running when the service stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import assert_never

from server.phone.calls.record import CallRecord
from server.phone.calls.recovery import (
    Close,
    EndAtProvider,
    FetchCall,
    FindCall,
    ProviderCall,
    RecoveryAction,
    ResumeRetry,
    ask_again,
    closed,
    plan,
    settle,
)
from server.phone.calls.status import CallStatus, EndReason
from server.phone.live.call_log import log_end
from server.phone.live.closing import close
from server.phone.live.kit import CallKit
from server.phone.provider.twilio import CallMissingError, ProviderError

logger = logging.getLogger(__name__)

Resume = Callable[[CallRecord, datetime], None]
"""Dials a call again at a time."""


class Restart:
    """Settles calls of before.

    Args:
        kit: What all calls share.
        resume: Takes calls that only wait to be dialled again.

    """

    def __init__(self, kit: CallKit, resume: Resume) -> None:
        self._kit = kit
        self._resume = resume

    async def settle(self, active: Iterable[CallRecord]) -> None:
        """Bring calls to their end, however long the provider cannot be reached.

        Args:
            active: Those that had not ended, read before any new one began.

        Cancelling leaves the rest for the next start.

        """
        records = {record.id: record for record in active}
        async with asyncio.TaskGroup() as tasks:
            for action in plan(records.values(), self._kit.now()):
                call_id = action.record.id if isinstance(action, Close) else action.call_id
                settling = self._settle(records[call_id], action)
                tasks.create_task(settling, name=f"call:{call_id} of before")

    async def _settle(self, record: CallRecord, action: RecoveryAction) -> None:
        try:
            await self._carry_out(record, action)
        except Exception:  # a bug, or settings that it does not fit any more, costs no other call
            logger.exception("call:%s of before broke", record.id)
            over = closed(record, CallStatus.FAILED, EndReason.BROKEN, self._kit.now())
            log_end(await close(self._kit, over))

    async def _carry_out(self, record: CallRecord, action: RecoveryAction) -> None:
        tries = 0
        while isinstance(action, FetchCall | FindCall):
            await self._kit.clock.sleep_until(self._kit.clock_time(action.at))
            try:
                found = await self._ask(action)
            except ProviderError as error:
                logger.warning("call:%s of before: %s", record.id, error)
                tries += 1
                action = ask_again(action, record, tries, self._kit.now())
                continue
            for step in settle(record, found, self._kit.now()):
                await self._do(record, step)
            return
        await self._do(record, action)

    async def _ask(self, action: FetchCall | FindCall) -> ProviderCall | None:
        provider = self._kit.provider
        if isinstance(action, FindCall):
            return await provider.find(action.from_, action.to, action.since)
        try:
            return await provider.fetch(action.provider_id)
        except CallMissingError:
            return None

    async def _do(self, record: CallRecord, action: RecoveryAction) -> None:
        match action:
            case EndAtProvider(_, provider_id, status):
                try:
                    await self._kit.provider.end(provider_id, status)
                except ProviderError as error:
                    logger.warning("call:%s of before still runs: %s", record.id, error)
            case Close(over):
                log_end(await close(self._kit, over))
            case ResumeRetry(_, at):
                self._resume(record, at)
            case FetchCall() | FindCall():
                raise AssertionError(record.id)  # they are asked before
            case _:
                assert_never(action)
