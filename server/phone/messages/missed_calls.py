"""Keeps calls that came in and were not put through."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from server.phone.calls.status import CallStatus, EndReason
from server.phone.live.call_log import log_refused
from server.phone.live.kit import CallKit
from server.phone.live.planning import Planning
from server.phone.security.forms import Form
from server.phone.security.numbers import parse_caller
from server.store.errors import StoreError

logger = logging.getLogger(__name__)

MOST_KEPT: Final = 1000
"""Missed calls without a message that are kept; of more, the oldest are forgotten."""

MOST_OF_ONE_NUMBER: Final = 10
"""Likewise of one number: who calls again and again hides nobody else's call."""


class MissedCalls:
    """The calls that were refused before any sound flowed.

    Args:
        kit: What all calls share.
        planning: Knows who has which number.

    """

    def __init__(self, kit: CallKit, planning: Planning) -> None:
        self._kit = kit
        self._planning = planning

    async def keep(self, form: Form, why: str, status: CallStatus) -> None:
        """Keep a call that is over as far as we are concerned. Never fails.

        Args:
            form: What Twilio sent of it.
            why: Why the caller was not put through, for people.
            status: How it ended.

        """
        log_refused(form.get("From"), why)
        caller = parse_caller(form.get("From"))
        number = "" if caller is None else caller.e164
        person = self._planning.person(number)
        record = self._planning.record("inbound", number, form.get("To"))
        record = replace(
            record,
            status=status,
            ended_at=record.started_at,
            duration=0,
            session_note="none",
            provider_call_id=form.get("CallSid"),
            identity=None if person is None else person.name,
            end_reason=EndReason.BUSY if status is CallStatus.BUSY else EndReason.REFUSED,
            missed=why,
        )
        try:
            await self._kit.store.add_refused(record, MOST_KEPT, MOST_OF_ONE_NUMBER)
        except StoreError as error:
            logger.warning("A call that was refused cannot be kept: %s", error)
