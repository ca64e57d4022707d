"""Server-sent events in OpenAI's form: one JSON object each, its ``type`` inside."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from server.speech.engine import EngineError
from server.speech.errors import ApiError, envelope

MEDIA_TYPE = "text/event-stream"

_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
"""OpenAI's clients expect the field; nothing is counted here."""


def event(content: dict[str, Any]) -> bytes:
    """Return one event as it goes over the wire."""
    return f"data: {json.dumps(content)}\n\n".encode()


async def speech_events(audio: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Turn encoded sound into ``speech.audio.delta`` events and a last ``speech.audio.done``.

    An engine that fails on the way is told by an error event, which clients raise.
    """
    try:
        async with aclosing(audio):
            async for data in audio:
                yield event({"type": "speech.audio.delta", "audio": b64encode(data).decode()})
    except EngineError as error:
        yield failure(error)
    else:
        yield event({"type": "speech.audio.done", "usage": _NO_TOKENS})


def failure(error: ApiError | EngineError) -> bytes:
    """Return the event of a stream that cannot go on."""
    return event({"type": "error", **envelope(error)})
