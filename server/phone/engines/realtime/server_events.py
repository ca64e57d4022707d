"""Sans-I/O: what a Realtime session sends us, read strictly as far as we need it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from server.phone.engines.realtime.client_events import REQUEST

Json = dict[str, Any]


class MalformedEventError(Exception):
    """An event is not as documented; the message says how."""


@dataclass(frozen=True, slots=True)
class SessionReady:
    """The session is set up as we asked."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller has begun to speak; a response that was being made is cancelled."""

    item_id: str
    at_ms: int
    """Milliseconds of the caller's sound in this session."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller has finished."""

    item_id: str
    at_ms: int
    """Milliseconds of the caller's sound in this session."""


@dataclass(frozen=True, slots=True)
class CallerTranscribed:
    """What the caller said, as words; often after the answer to it."""

    item_id: str
    text: str
    """"" when it could not be transcribed."""


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """An item has its place in the conversation."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """The model begins to answer."""

    response_id: str
    request: str | None
    """The ``event_id`` of ours that asked for it; ``None`` when the end of the caller's turn did.
    """


@dataclass(frozen=True, slots=True)
class SoundAdded:
    """More of the model's voice."""

    response_id: str
    item_id: str
    ulaw: bytes


@dataclass(frozen=True, slots=True)
class WordsAdded:
    """More of the model's words."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """The model's voice in an item is complete, or broken off."""

    item_id: str


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function that the model wants to be called."""

    call_id: str
    name: str
    arguments: str
    """JSON, if the model has kept to it."""


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """The model's answer is over."""

    response_id: str
    request: str | None
    status: str
    """``completed``, ``cancelled``, ``incomplete`` or ``failed``."""

    calls: tuple[FunctionCall, ...] = ()
    code: str | None = None
    """Why it failed."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """A rate limit is used up."""

    reset: float
    """Seconds until it is not."""


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """Something went wrong: an event of ours, or the session."""

    type: str
    code: str | None
    message: str
    event_id: str | None
    """Of our event."""


ServerEvent: TypeAlias = (
    SessionReady
    | SpeechStarted
    | SpeechStopped
    | CallerTranscribed
    | ItemAdded
    | ResponseCreated
    | SoundAdded
    | WordsAdded
    | SoundEnded
    | ResponseDone
    | RateLimited
    | ErrorReported
)


def read_event(text: str | bytes) -> ServerEvent | None:
    """Read an event.

    Returns:
        What it says; ``None`` when it says nothing to us, also when its type is not known.

    Raises:
        MalformedEventError: It is not as documented.

    """
    try:
        event = json.loads(text)
    except ValueError:
        raise MalformedEventError("it is not JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise MalformedEventError("it is no object with a type")
    read = _READERS.get(event["type"])
    return None if read is None else read(event)


def _sound(event: Json) -> SoundAdded:
    try:
        ulaw = base64.b64decode(_text(event, "delta"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedEventError("its sound is not base64") from None
    return SoundAdded(_text(event, "response_id"), _text(event, "item_id"), ulaw)


def _words(event: Json) -> WordsAdded:
    return WordsAdded(_text(event, "response_id"), _text(event, "item_id"), _text(event, "delta"))


def _created(event: Json) -> ResponseCreated:
    response = _object(event, "response")
    return ResponseCreated(_text(response, "id"), _request(response))


def _done(event: Json) -> ResponseDone:
    response = _object(event, "response")
    details = response.get("status_details")
    details = details if isinstance(details, dict) else {}
    error = details.get("error")
    error = error if isinstance(error, dict) else {}
    output = response.get("output")
    items = output if isinstance(output, list) else []
    return ResponseDone(
        _text(response, "id"),
        _request(response),
        _text(response, "status"),
        tuple(_call(item) for item in items if _is_call(item)),
        _optional(error, "code"),
        _optional(error, "message") or _optional(details, "reason") or "",
    )


def _is_call(item: object) -> bool:
    return isinstance(item, dict) and item.get("type") == "function_call"


def _call(item: Json) -> FunctionCall:
    return FunctionCall(_text(item, "call_id"), _text(item, "name"), _text(item, "arguments"))


def _limits(event: Json) -> RateLimited | None:
    limits = event.get("rate_limits")
    used_up = [
        float(one["reset_seconds"])
        for one in (limits if isinstance(limits, list) else [])
        if isinstance(one, dict)
        and isinstance(one.get("reset_seconds"), int | float)
        and isinstance(one.get("remaining"), int | float)
        and one["remaining"] <= 0
    ]
    return RateLimited(max(used_up)) if used_up else None


def _error(event: Json) -> ErrorReported:
    error = _object(event, "error")
    return ErrorReported(
        _optional(error, "type") or "",
        _optional(error, "code"),
        _optional(error, "message") or "",
        _optional(error, "event_id"),
    )


def _request(response: Json) -> str | None:
    metadata = response.get("metadata")
    return _optional(metadata, REQUEST) if isinstance(metadata, dict) else None


def _text(event: Json, name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str):
        raise MalformedEventError(f"its {name} is no text")
    return value


def _optional(event: Json, name: str) -> str | None:
    value = event.get(name)
    return value if isinstance(value, str) else None


def _milliseconds(event: Json, name: str) -> int:
    value = event.get(name)
    if not isinstance(value, int | float):
        raise MalformedEventError(f"its {name} is no number")
    return int(value)


def _object(event: Json, name: str) -> Json:
    value = event.get(name)
    if not isinstance(value, dict):
        raise MalformedEventError(f"its {name} is no object")
    return value


_TRANSCRIPTION = "conversation.item.input_audio_transcription"

_READERS: Mapping[str, Callable[[Json], ServerEvent | None]] = {
    "session.updated": lambda event: SessionReady(),
    "input_audio_buffer.speech_started": lambda event: SpeechStarted(
        _text(event, "item_id"), _milliseconds(event, "audio_start_ms")
    ),
    "input_audio_buffer.speech_stopped": lambda event: SpeechStopped(
        _text(event, "item_id"), _milliseconds(event, "audio_end_ms")
    ),
    f"{_TRANSCRIPTION}.completed": lambda event: CallerTranscribed(
        _text(event, "item_id"), _text(event, "transcript").strip()
    ),
    f"{_TRANSCRIPTION}.failed": lambda event: CallerTranscribed(_text(event, "item_id"), ""),
    "conversation.item.added": lambda event: ItemAdded(_text(_object(event, "item"), "id")),
    "response.created": _created,
    "response.output_audio.delta": _sound,
    "response.output_audio_transcript.delta": _words,
    "response.output_audio.done": lambda event: SoundEnded(_text(event, "item_id")),
    "response.done": _done,
    "rate_limits.updated": _limits,
    "error": _error,
}
