"""Recordings that the provider makes: where they are is kept with the call, and nothing fetched."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

from server.phone.calls.record import CallRecord, ProviderRecording
from server.phone.live.kit import CallKit
from server.phone.provider.reports import RecordingNews
from server.store.errors import StoreError

logger = logging.getLogger(__name__)


class OpenCall(Protocol):
    """A call whose record may still be open."""

    def receive_recording(self, recording: ProviderRecording) -> bool:
        """Take in a recording; returns whether the record was still open."""


async def keep_recording(kit: CallKit, call: OpenCall | None, news: RecordingNews) -> None:
    """Keep where the recording of a call is had.

    Args:
        kit: What all calls share.
        call: The call, while it goes on.
        news: What the provider says. Where it lies is not taken from there: whoever fetches it
            sends the account's credentials along.

    Cancelling may leave it kept.

    """
    url = kit.provider.recording_url(news.recording_id)
    recording = ProviderRecording(news.recording_id, url, news.seconds)
    if call is not None and call.receive_recording(recording):
        return

    def with_recording(record: CallRecord) -> CallRecord:
        return replace(record, provider_recording=recording)

    try:
        known = await kit.store.get(news.provider_id)
        changed = None if known is None else await kit.store.update(known.id, with_recording)
    except StoreError as error:
        logger.warning("Where a call's recording lies cannot be kept: %s", error)
        return
    if changed is not None:
        kit.when_changed(changed)
