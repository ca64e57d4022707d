"""Sans-I/O: what we send to a Realtime session, as JSON objects.

Shapes are those of the general-availability API. ``event_id`` is named in an error that an event
causes; an item that we make has an id of ours, so that its place in the conversation is known.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Literal

Json = dict[str, Any]

REQUEST = "request"
"""Metadata of a response that we asked for: the ``event_id`` of what asked."""


def append_sound(ulaw: bytes) -> str:
    """Return an event with the caller's sound, as text: fifty of them are sent each second."""
    encoded = base64.b64encode(ulaw).decode()
    return f'{{"type":"input_audio_buffer.append","audio":"{encoded}"}}'


def clear_sound() -> Json:
    """Return an event that throws away the caller's sound that is no turn yet."""
    return {"type": "input_audio_buffer.clear"}


def update_session(event_id: str, session: Mapping[str, Any]) -> Json:
    """Return an event that sets up the session, or changes what it names."""
    return {
        "type": "session.update",
        "event_id": event_id,
        "session": {"type": "realtime", **session},
    }


def create_response(event_id: str, parameters: Mapping[str, Any] | None = None) -> Json:
    """Return an event that lets the model answer."""
    response = {**(parameters or {}), "metadata": {REQUEST: event_id}}
    return {"type": "response.create", "event_id": event_id, "response": response}


def cancel_response(event_id: str, response_id: str) -> Json:
    """Return an event that breaks an answer off."""
    return {"type": "response.cancel", "event_id": event_id, "response_id": response_id}


def truncate_item(event_id: str, item_id: str, heard_ms: int) -> Json:
    """Return an event that tells how much of what the model said was heard."""
    return {
        "type": "conversation.item.truncate",
        "event_id": event_id,
        "item_id": item_id,
        "content_index": 0,
        "audio_end_ms": heard_ms,
    }


def delete_item(event_id: str, item_id: str) -> Json:
    """Return an event that makes the model forget what nobody has heard."""
    return {"type": "conversation.item.delete", "event_id": event_id, "item_id": item_id}


def add_message(item_id: str, role: Literal["user", "assistant", "system"], text: str) -> Json:
    """Return an event that puts a text into the conversation."""
    part = {"type": "output_text" if role == "assistant" else "input_text", "text": text}
    item = {"type": "message", "id": item_id, "role": role, "content": [part]}
    return {"type": "conversation.item.create", "event_id": item_id, "item": item}


def add_result(item_id: str, call_id: str, output: str) -> Json:
    """Return an event with what came of a function that the model called."""
    item = {"type": "function_call_output", "id": item_id, "call_id": call_id, "output": output}
    return {"type": "conversation.item.create", "event_id": item_id, "item": item}
