"""What chat servers send: pieces of a reply, its end, or an error.

The wire form is OpenAI's chat completions API: one JSON object, or a stream of
server-sent events with one object each and ``[DONE]`` at the end. Servers that
copy it leave things out, so everything but the text is optional here.

Sans I/O.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipeline.errors import AgentError

DONE = "[DONE]"
"""Data of the event that ends a stream."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One object of a stream, or a whole reply."""

    text: str
    """Words to be spoken; what a model thinks aside is not among them."""

    finished: str
    """Why the reply ends here ("stop", "length", …); "" when it does not."""


def read_chunk(data: str | bytes) -> Chunk:
    """Read one object.

    Raises:
        AgentError: It reports an error, or is no JSON object.

    """
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise AgentError("the chat server sent something that is not JSON") from None
    if not isinstance(body, dict):
        raise AgentError("the chat server sent JSON of another form than chat completions")
    if body.get("error"):
        raise AgentError(f"the chat server reported: {_message(body) or 'an error'}")
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    if not isinstance(choice, dict):
        return Chunk("", "")
    message = choice.get("delta") or choice.get("message") or {}
    content = message.get("content") if isinstance(message, dict) else None
    finished = choice.get("finish_reason")
    return Chunk(_text(content), finished if isinstance(finished, str) else "")


def _text(content: Any) -> str:
    """Return the text of a message, which may come in parts; lone surrogates are dropped."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
        content = "".join(str(part.get("text") or "") for part in parts)
    return content.encode(errors="ignore").decode() if isinstance(content, str) else ""


_LONGEST_MESSAGE = 300


def error_message(data: str | bytes) -> str:
    """Return what an answer or event that stands for an error says, "" when nothing readable."""
    try:
        return _message(json.loads(data))
    except (ValueError, RecursionError):
        return ""


def _message(body: Any) -> str:
    """Return the message of an error envelope, "" when there is none.

    OpenAI nests it (``{"error": {"message": …}}``); others have ``error``,
    ``message`` or ``detail`` as text.
    """
    if not isinstance(body, dict):
        return ""
    error = body.get("error") or body.get("message") or body.get("detail")
    if isinstance(error, dict):
        error = error.get("message")
    return " ".join(error.split())[:_LONGEST_MESSAGE] if isinstance(error, str) else ""
