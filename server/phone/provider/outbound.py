"""Sans-I/O: what Twilio is asked for when a call is to be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

EVENTS: Final = ("initiated", "ringing", "answered", "completed")
"""What Twilio reports of a call of ours."""


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call to be made."""

    to: str
    from_: str
    voice_url: str
    """Where Twilio asks what to do once somebody has answered."""

    status_url: str
    """Where it reports."""

    ring: int
    """Seconds that it may ring."""

    time_limit: int
    """Seconds after which Twilio ends it, whatever we do."""

    detection_url: str | None = None
    """Where it tells whether a machine has answered; ``None`` when nobody wants to know."""

    record_url: str | None = None
    """Where it tells of its recording; ``None`` when it makes none."""

    digits: str = ""
    """Keys pressed as soon as somebody has answered; then no machine can be told."""

    def form(self) -> list[tuple[str, str]]:
        """Return the fields of the request, in Twilio's names."""
        return list(self._fields())

    def _fields(self) -> Iterator[tuple[str, str]]:
        yield from (("To", self.to), ("From", self.from_))
        yield from (("Url", self.voice_url), ("Method", "POST"))
        yield from (("StatusCallback", self.status_url), ("StatusCallbackMethod", "POST"))
        yield from (("StatusCallbackEvent", event) for event in EVENTS)
        yield from (("Timeout", str(self.ring)), ("TimeLimit", str(self.time_limit)))
        if self.digits:
            yield "SendDigits", self.digits
        elif self.detection_url is not None:
            yield from (("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true"))
            yield "AsyncAmdStatusCallback", self.detection_url
            yield "AsyncAmdStatusCallbackMethod", "POST"
        if self.record_url is not None:
            yield from (("Record", "true"), ("RecordingChannels", "dual"))
            yield from (
                ("RecordingStatusCallback", self.record_url),
                ("RecordingStatusCallbackMethod", "POST"),
            )
