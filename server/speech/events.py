"""Server-sent events in OpenAI's form: one JSON object each, its ``type`` inside."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from server.speech.encode import EncodedSound
from server.speech.engine import EngineError
from server.speech.errors import ApiError, envelope

MEDIA_TYPE = "text/event-stream"

_NO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
"""OpenAI's clients expect the field; nothing is counted here."""


def event(content: dict[str, Any]) -> bytes:
    """Return one event as it goes over the wire."""
    return f"data: {json.dumps(content)}\n\n".encode()


async def speech_events(audio: AsyncGenerator[EncodedSound]) -> AsyncGenerator[bytes]:
    """Turn encoded sound into ``speech.audio.delta`` events and a last ``speech.audio.done``.

    Beyond OpenAI's API, an event has ``words`` where words begin in its sound, each with its
    ``offset`` in the input (code points) and its ``start`` in the whole sound (seconds).

    An engine that fails on the way is told by an error event, which clients raise.
    """
    try:
        async with aclosing(audio):
            async for piece in audio:
                yield event(_delta(piece))
    except EngineError as error:
        yield failure(error)
    else:
        yield event({"type": "speech.audio.done", "usage": _NO_TOKENS})


def _delta(piece: EncodedSound) -> dict[str, Any]:
    words = [{"offset": word.offset, "start": round(word.seconds, 4)} for word in piece.words]
    delta = {"type": "speech.audio.delta", "audio": b64encode(piece.data).decode()}
    return {**delta, "words": words} if words else delta


def failure(error: ApiError | EngineError) -> bytes:
    """Return the event of a stream that cannot go on."""
    return event({"type": "error", **envelope(error)})
