"""Sans-I/O: what Twilio tells of calls, by itself or asked, in the words of our own."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from server.phone.calls.attempt_events import ProviderReport
from server.phone.calls.recovery import ProviderCall
from server.phone.calls.status import AnsweredBy, CallStatus
from server.phone.security.forms import Form
from server.phone.security.refusals import printable

logger = logging.getLogger(__name__)

_SIP_REFUSED: Final = 400  # from here on a SIP response says that something went wrong
_MOST_DIGITS: Final = 9
_RECORDING_ID: Final = re.compile(r"RE[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class CallNews:
    """What a webhook says of a call."""

    provider_id: str
    report: ProviderReport


def read_status(form: Form) -> CallNews | None:
    """Read a status callback.

    Returns:
        What it says; ``None`` when it names no call, or a status that is not known.

    """
    status = _status(form.get("CallStatus"))
    provider_id = form.get("CallSid")
    if status is None or not provider_id:
        return None
    seconds = _whole(form.get("CallDuration")) if status.is_final else None
    report = ProviderReport(
        status,
        _whole(form.get("SequenceNumber")),
        seconds,
        read_answered_by(form.get("AnsweredBy")),
        _sip_error(form.get("SipResponseCode")) if status.is_final else None,
    )
    return CallNews(provider_id, report)


@dataclass(frozen=True, slots=True)
class RecordingNews:
    """What a webhook says of a recording that is there."""

    provider_id: str
    """Of the call."""

    recording_id: str
    seconds: int | None


def read_recording(form: Form) -> RecordingNews | None:
    """Read a recording's callback; ``None`` when there is no recording, or not yet."""
    recording_id = form.get("RecordingSid")
    if form.get("RecordingStatus") != "completed" or not is_recording_id(recording_id):
        return None
    return RecordingNews(form.get("CallSid"), recording_id, _whole(form.get("RecordingDuration")))


def is_recording_id(text: str) -> bool:
    """Return whether this is Twilio's id of a recording, and nothing else."""
    return _RECORDING_ID.fullmatch(text) is not None


def read_answered_by(text: str | None) -> AnsweredBy | None:
    """Return who answered; ``None`` when it is not said, or not in words that are known."""
    try:
        return AnsweredBy(text) if text else None
    except ValueError:
        logger.warning("Twilio tells who answered in words not known: %s", printable(text or ""))
        return None


def read_call(call: Mapping[str, Any]) -> ProviderCall | None:
    """Read a call as Twilio's REST interface shows it; ``None`` when it is none."""
    provider_id, status = call.get("sid"), _status(str(call.get("status", "")))
    if not isinstance(provider_id, str) or status is None:
        return None
    return ProviderCall(
        provider_id,
        status,
        _whole(str(call.get("duration") or "")),
        read_date(call.get("end_time")),
        read_answered_by(call.get("answered_by")),
    )


def read_date(text: Any) -> datetime | None:
    """Read a time of Twilio's REST interface; ``None`` when there is none."""
    if not isinstance(text, str):
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _status(text: str) -> CallStatus | None:
    try:
        return CallStatus.of(text)
    except ValueError:
        logger.warning("Twilio tells a status that is not known: %s", printable(text))
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _sip_error(text: str) -> str | None:
    code = _whole(text)
    return f"the network answered with SIP {code}" if code and code >= _SIP_REFUSED else None
