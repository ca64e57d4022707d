"""Sans-I/O: events judged by the types of OpenAI's SDK."""

from __future__ import annotations

from typing import Any

from openai.types import realtime
from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.peers.openai_realtime.problems import ProblemError, missing, unknown, unsupported

Json = dict[str, Any]

CLIENT_EVENTS: dict[str, type[BaseModel]] = {
    "session.update": realtime.SessionUpdateEvent,
    "input_audio_buffer.append": realtime.InputAudioBufferAppendEvent,
    "input_audio_buffer.commit": realtime.InputAudioBufferCommitEvent,
    "input_audio_buffer.clear": realtime.InputAudioBufferClearEvent,
    "output_audio_buffer.clear": realtime.OutputAudioBufferClearEvent,
    "conversation.item.create": realtime.ConversationItemCreateEvent,
    "conversation.item.truncate": realtime.ConversationItemTruncateEvent,
    "conversation.item.delete": realtime.ConversationItemDeleteEvent,
    "conversation.item.retrieve": realtime.ConversationItemRetrieveEvent,
    "response.create": realtime.ResponseCreateEvent,
    "response.cancel": realtime.ResponseCancelEvent,
}

_SERVER_EVENT: TypeAdapter[Any] = TypeAdapter(realtime.RealtimeServerEvent)
_OBJECTS = {"model_type", "dict_type", "model_attributes_type"}


def check_client_event(event: Json) -> None:
    """Check an event of the program.

    Raises:
        ProblemError: It is not what the SDK would send.

    """
    if not isinstance(event.get("type"), str):
        raise missing("type")
    model = CLIENT_EVENTS.get(event["type"])
    if model is None:
        raise unsupported(event["type"], tuple(CLIENT_EVENTS), "type")
    if event["type"] == "session.update" and isinstance(event.get("session"), dict):
        # By the right member of the union, so that messages name the right field.
        check_session_types(event["session"], "session.")
    _check(event, model, "")


def check_session_types(session: Json, prefix: str) -> None:
    """Check the settings of a session; the service names what it does not know first."""
    for name in session:
        if name not in realtime.RealtimeSessionCreateRequest.model_fields:
            raise unknown(prefix + name)
    _check(session, realtime.RealtimeSessionCreateRequest, prefix)


def check_server_event(event: Json) -> None:
    """Check an event of the fake; a fault here is the fake's own."""
    parsed = _SERVER_EVENT.validate_python(event)
    if event["type"] == "error" or "session" in event:
        return
    extra = [one for one in unknown_fields(parsed) if not one.endswith("event_id")]
    assert not extra, f"the fake sends unknown fields {extra} in {event['type']}"


def unknown_fields(value: object, path: str = "") -> list[str]:
    """Return where a model has fields that the SDK does not declare."""
    if isinstance(value, BaseModel):
        found = [f"{path}{name}" for name in (value.model_extra or {})]
        for name in value.model_fields_set & set(type(value).model_fields):
            found += unknown_fields(getattr(value, name), f"{path}{name}.")
        return found
    if isinstance(value, list):
        parts = enumerate(value)
        return [one for i, part in parts for one in unknown_fields(part, f"{path[:-1]}[{i}].")]
    return []


def _check(value: Json, model: type[BaseModel], prefix: str) -> None:
    try:
        parsed = model.model_validate(value)
    except ValidationError as error:
        raise _problem(error, prefix) from None
    extra = unknown_fields(parsed)
    if extra:
        raise unknown(prefix + extra[0])


def _problem(error: ValidationError, prefix: str) -> ProblemError:
    first = min(error.errors(), key=lambda one: len(one["loc"]))
    # Members of unions are named after their classes; fields are lower case.
    param = prefix + ".".join(str(one) for one in first["loc"] if not str(one)[:1].isupper())
    if first["type"] == "missing":
        return missing(param)
    if first["type"] in _OBJECTS:
        got = (
            "a string" if isinstance(first["input"], str) else f"a {type(first['input']).__name__}"
        )
        message = f"Invalid type for '{param}': expected an object, but got {got} instead."
        return ProblemError(message, "invalid_type", param)
    return ProblemError(f"Invalid value for '{param}': {first['msg']}", "invalid_value", param)
