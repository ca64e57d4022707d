"""Sans-I/O: what Twilio knows of a number of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OurNumber:
    """A number of the account."""

    voice_url: str
    """Where Twilio asks what to do with a call that comes in; "" for nowhere."""

    voice_method: str
    """How it asks."""

    status_url: str
    """Where it reports that such a call is over; "" for nowhere."""

    voice_application: bool
    """Whether an application or trunk of Twilio's takes the calls instead."""


def read_our_number(page: Mapping[str, Any]) -> OurNumber | None:
    """Return the first number of a page of the account's numbers; ``None`` without any."""
    numbers = page.get("incoming_phone_numbers")
    first = numbers[0] if isinstance(numbers, list) and numbers else None
    if not isinstance(first, Mapping):
        return None
    return OurNumber(
        voice_url=first.get("voice_url") or "",
        voice_method=str(first.get("voice_method") or "POST").upper(),
        status_url=first.get("status_callback") or "",
        voice_application=bool(first.get("voice_application_sid") or first.get("trunk_sid")),
    )
