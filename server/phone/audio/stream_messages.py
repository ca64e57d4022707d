"""Sans-I/O: the messages of Twilio's Media Streams, as text of a WebSocket.

What Twilio sends becomes a frozen dataclass or a :class:`StreamMessageError`; fields that are not
known are ignored, and so are messages of a kind that is not known. What we send is one of
:func:`media_message`, :func:`mark_message` and :func:`clear_message`: Twilio takes nothing else.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

MOST_CHARACTERS: Final = 64 * 1024
"""Length of the longest message that is read at all; Twilio's own are shorter than 1 KiB."""

MOST_SOUND: Final = 8_000
"""Bytes of sound in one message (1 s); Twilio sends 160."""

_MOST_NAME: Final = 200
_MOST_PARAMETERS: Final = 64
_MOST_PARAMETER: Final = 500
_MOST_NUMBER: Final = 1 << 53

_SID = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
_DIGITS = frozenset("0123456789*#ABCD")


class StreamMessageError(Exception):
    """A message that Twilio does not send, or not like this: the stream must be closed."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is open; the first message, before anything is known of the call."""

    protocol: str
    version: str


@dataclass(frozen=True, slots=True)
class MediaFormat:
    """How sound is coded. Never take it for granted: Twilio has more than one kind."""

    encoding: str
    rate: int
    """Hertz."""

    channels: int


PHONE_FORMAT: Final = MediaFormat("audio/x-mulaw", 8_000, 1)
"""The only format that is spoken here."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream of a call begins."""

    sequence: int
    stream_sid: str
    call_sid: str
    account_sid: str
    tracks: tuple[str, ...]
    format: MediaFormat
    parameters: Mapping[str, str]
    """What the TwiML gave it, each by its name."""


@dataclass(frozen=True, slots=True)
class Media:
    """Some of the sound, 20 ms as a rule."""

    sequence: int
    stream_sid: str
    track: str
    """``inbound`` is what the caller says."""

    chunk: int
    timestamp: float
    """When it began, in seconds since the stream did."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class Marked:
    """All that was sent before a mark of ours was played, or thrown away by a ``clear``."""

    sequence: int
    stream_sid: str
    name: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    sequence: int
    stream_sid: str
    digit: str
    """One of ``0123456789*#ABCD``."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The stream is over: somebody hung up, or the call was sent elsewhere."""

    sequence: int
    stream_sid: str
    call_sid: str


StreamMessage: TypeAlias = Connected | Started | Media | Marked | KeyPressed | Stopped
"""What Twilio may say."""

_Fields: TypeAlias = Mapping[str, Any]


def read_message(text: str) -> StreamMessage | None:
    """Read what Twilio sent.

    Args:
        text: A text frame of the WebSocket.

    Returns:
        The message; ``None`` for a kind that is not known, which is to be ignored.

    Raises:
        StreamMessageError: It is too long, no JSON, or lacks what its kind always has.

    """
    if len(text) > MOST_CHARACTERS:
        raise StreamMessageError(f"a message of {len(text)} characters")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StreamMessageError("a message that is no JSON") from error
    if not isinstance(fields, dict):
        raise StreamMessageError("a message that is no JSON object")
    read = _READERS.get(_text(fields, "event"))
    return None if read is None else read(fields)


def media_message(stream_sid: str, ulaw: bytes) -> str:
    """Return the message that has sound played after all that was sent before."""
    payload = base64.b64encode(ulaw).decode("ascii")
    return _written("media", stream_sid, media={"payload": payload})


def mark_message(stream_sid: str, name: str) -> str:
    """Return the message that asks to be told when all before it was played."""
    return _written("mark", stream_sid, mark={"name": name})


def clear_message(stream_sid: str) -> str:
    """Return the message that throws away what was not played; its marks come back at once."""
    return _written("clear", stream_sid)


def _written(event: str, stream_sid: str, **body: Mapping[str, str]) -> str:
    return json.dumps({"event": event, "streamSid": stream_sid, **body}, separators=(",", ":"))


def _read_connected(fields: _Fields) -> Connected:
    return Connected(_text(fields, "protocol"), _text(fields, "version"))


def _read_start(fields: _Fields) -> Started:
    start = _inner(fields, "start")
    coded = _inner(start, "mediaFormat")
    tracks = start.get("tracks", [])
    if not isinstance(tracks, list) or not all(isinstance(track, str) for track in tracks):
        raise StreamMessageError("tracks that are no list of names")
    return Started(
        _number(fields, "sequenceNumber"),
        _sid(fields, "streamSid"),
        _sid(start, "callSid"),
        _sid(start, "accountSid"),
        tuple(tracks),
        MediaFormat(
            _text(coded, "encoding"), _number(coded, "sampleRate"), _number(coded, "channels")
        ),
        _parameters(start),
    )


def _read_media(fields: _Fields) -> Media:
    media = _inner(fields, "media")
    return Media(
        _number(fields, "sequenceNumber"),
        _sid(fields, "streamSid"),
        _text(media, "track"),
        _number(media, "chunk"),
        _number(media, "timestamp") / 1000.0,
        _sound(media),
    )


def _read_mark(fields: _Fields) -> Marked:
    name = _text(_inner(fields, "mark"), "name")
    return Marked(_number(fields, "sequenceNumber"), _sid(fields, "streamSid"), name)


def _read_dtmf(fields: _Fields) -> KeyPressed:
    digit = _text(_inner(fields, "dtmf"), "digit")
    if digit not in _DIGITS:
        raise StreamMessageError("a key that no telephone has")
    return KeyPressed(_number(fields, "sequenceNumber"), _sid(fields, "streamSid"), digit)


def _read_stop(fields: _Fields) -> Stopped:
    call_sid = _sid(_inner(fields, "stop"), "callSid")
    return Stopped(_number(fields, "sequenceNumber"), _sid(fields, "streamSid"), call_sid)


_READERS: Final[Mapping[str, Callable[[_Fields], StreamMessage]]] = {
    "connected": _read_connected,
    "start": _read_start,
    "media": _read_media,
    "mark": _read_mark,
    "dtmf": _read_dtmf,
    "stop": _read_stop,
}


def _inner(fields: _Fields, name: str) -> _Fields:
    inner = fields.get(name)
    if not isinstance(inner, dict):
        raise StreamMessageError(f"a message without {name}")
    return inner


def _text(fields: _Fields, name: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or len(text) > _MOST_NAME:
        raise StreamMessageError(f"{name} is missing, no text, or too long")
    return text


def _sid(fields: _Fields, name: str) -> str:
    sid = _text(fields, name)
    if not _SID.fullmatch(sid):
        raise StreamMessageError(f"{name} is no identifier")
    return sid


def _number(fields: _Fields, name: str) -> int:
    """Return a whole number; Twilio writes some of them as text."""
    number = fields.get(name)
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        return int(number)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < _MOST_NUMBER:
        return number
    raise StreamMessageError(f"{name} is no whole number")


def _sound(media: _Fields) -> bytes:
    payload = media.get("payload")
    if not isinstance(payload, str):
        raise StreamMessageError("sound without a payload")
    try:
        ulaw = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise StreamMessageError("sound that is no base64") from error
    if not 0 < len(ulaw) <= MOST_SOUND:
        raise StreamMessageError(f"{len(ulaw)} bytes of sound in one message")
    return ulaw


def _parameters(start: _Fields) -> Mapping[str, str]:
    parameters = start.get("customParameters", {})
    if not isinstance(parameters, dict) or len(parameters) > _MOST_PARAMETERS:
        raise StreamMessageError("customParameters are no object, or too many")
    for name, value in parameters.items():
        if not isinstance(value, str) or len(name) + len(value) > _MOST_PARAMETER:
            raise StreamMessageError("a custom parameter that is no text, or too long")
    return dict(parameters)
