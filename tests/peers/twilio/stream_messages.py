"""Sans-I/O: the messages of Media Streams, as Twilio writes and reads them.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

PROTOCOL_ERROR = 31924
INVALID_MESSAGE = 31951


class ViolationError(Exception):
    """The program sent what Twilio does not take."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(f"{code} {problem}")


@dataclass(frozen=True, slots=True)
class Media:
    sound: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    pass


Received: TypeAlias = Media | Mark | Clear


class StreamMessages:
    """Numbers what Twilio sends on one stream."""

    def __init__(self, account_sid: str, call_sid: str, stream_sid: str) -> None:
        self._account_sid, self._call_sid, self._stream_sid = account_sid, call_sid, stream_sid
        self._sequence = self._chunk = 0

    @staticmethod
    def connected() -> Json:
        return {"event": "connected", "protocol": "Call", "version": "1.0.0"}

    def start(self, parameters: dict[str, str]) -> Json:
        return self._numbered(
            "start",
            {
                "accountSid": self._account_sid,
                "streamSid": self._stream_sid,
                "callSid": self._call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
        )

    def media(self, sound: bytes, at_ms: int) -> Json:
        self._chunk += 1
        payload = base64.b64encode(sound).decode()
        return self._numbered(
            "media",
            {
                "track": "inbound",
                "chunk": str(self._chunk),
                "timestamp": str(at_ms),
                "payload": payload,
            },
        )

    def dtmf(self, digit: str) -> Json:
        # Twilio's own documentation names the track differently here.
        return self._numbered("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> Json:
        return self._numbered("mark", {"name": name})

    def stop(self) -> Json:
        return self._numbered("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def _numbered(self, event: str, body: Json) -> Json:
        self._sequence += 1
        return {
            "event": event,
            "sequenceNumber": str(self._sequence),
            event: body,
            "streamSid": self._stream_sid,
        }


def read_message(text: str | bytes, stream_sid: str) -> Received:
    """Read a message of the program.

    Raises:
        ViolationError: Twilio would not take it.

    """
    if isinstance(text, bytes):
        raise ViolationError(PROTOCOL_ERROR, "binary message")
    try:
        message = json.loads(text)
    except ValueError:
        raise ViolationError(PROTOCOL_ERROR, "no JSON") from None
    event = message.get("event") if isinstance(message, dict) else None
    if event not in {"media", "mark", "clear"}:
        raise ViolationError(INVALID_MESSAGE, f"unknown event {event!r}")
    if message.get("streamSid") != stream_sid:
        raise ViolationError(INVALID_MESSAGE, f"{event} for stream {message.get('streamSid')!r}")
    unknown = set(message) - {"event", "streamSid", event}
    if unknown:
        raise ViolationError(INVALID_MESSAGE, f"{event} with {sorted(unknown)}")
    return Clear() if event == "clear" else _body(event, message)


def _body(event: str, message: Json) -> Received:
    body = message.get(event)
    field = "name" if event == "mark" else "payload"
    if not isinstance(body, dict) or not isinstance(body.get(field), str) or set(body) != {field}:
        raise ViolationError(INVALID_MESSAGE, f"{event} without just {event}.{field}")
    if event == "mark":
        return Mark(body["name"])
    try:
        sound = base64.b64decode(body["payload"], validate=True)
    except binascii.Error:
        raise ViolationError(INVALID_MESSAGE, "media.payload is no base64") from None
    if sound.startswith(b"RIFF"):
        raise ViolationError(INVALID_MESSAGE, "media with a file header")
    return Media(sound)
