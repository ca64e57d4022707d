"""Closes calls of which nobody followed the end: of before a restart, or broken by a bug."""

from __future__ import annotations

import asyncio
import logging
import wave
from dataclasses import replace
from pathlib import Path

from server.phone.audio.wav_file import repair
from server.phone.calls.record import CallRecord, Recording
from server.phone.calls.recovery import closed
from server.phone.calls.status import CallStatus, EndReason
from server.phone.calls.store import attempt_id
from server.phone.live.billing import estimated
from server.phone.live.kit import CallKit
from server.phone.provider.twilio import ProviderError
from server.store.errors import StoreError

logger = logging.getLogger(__name__)


async def close_broken(kit: CallKit, record: CallRecord) -> CallRecord:
    """End a call that a bug of ours has broken, at the provider and in the store.

    Args:
        kit: What all calls share.
        record: The call as it was known last.

    Returns:
        Its record.

    Cancelling leaves the rest for the next start.

    """
    if record.provider_call_id is not None:
        try:
            # It also ends a call that is not answered yet.
            await kit.provider.end(record.provider_call_id, CallStatus.COMPLETED)
        except ProviderError as error:
            logger.warning("call:%s may still run: %s", record.id, error)
    return await close(kit, closed(record, CallStatus.FAILED, EndReason.BROKEN, kit.now()))


async def close(kit: CallKit, record: CallRecord) -> CallRecord:
    """Keep the record of a call that is over, with what there is of its sound.

    Args:
        kit: What all calls share.
        record: The call, which is over.

    Returns:
        Its record.

    Cancelling leaves the rest for the next start.

    """
    kit.limits.end(attempt_id(record.id, record.attempt), float(record.duration or 0))
    record = replace(record, cost=estimated(kit, record))
    messages = None if kit.messages is None else kit.messages.recordings
    folder = kit.recordings if record.missed is None else messages
    if folder is not None:
        record = replace(record, recording=await asyncio.to_thread(rescued, folder, record.id))
    try:
        await kit.store.save(record)
    except StoreError as error:
        logger.warning("call:%s could not be kept: %s", record.id, error)
    kit.tell_over(record)
    return record


def rescued(folder: Path, call_id: str) -> Recording | None:
    """Return what there is of a recording that was broken off; ``None`` without a sound.

    It works with files: call it in a thread.
    """
    path = folder / f"{call_id}.wav"
    try:
        if not path.is_file():
            return None
        if not repair(path):
            path.unlink()
            return None
        with wave.open(str(path)) as file:
            return Recording(path.name, file.getnframes() / file.getframerate())
    except (OSError, wave.Error) as error:
        logger.warning("call:%s: its recording cannot be read: %s", call_id, error)
        return None
