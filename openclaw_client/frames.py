"""Frames of the Gateway protocol: JSON text in, dataclasses out.

Fields and frame types we do not know are ignored, as gateways grow new ones with every release;
what a frame needs and does not have is a :class:`~openclaw_client.errors.ProtocolError`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openclaw_client.errors import ProtocolError

Json = Mapping[str, Any]

LONGEST_QUOTE = 200
"""Characters of a gateway's message that we repeat."""


LONGEST_WAIT = 600.0
"""Seconds that a gateway can make us wait; the longest of its own is 300."""


@dataclass(frozen=True, slots=True)
class WireError:
    """The ``error`` of a response."""

    code: str
    message: str
    details: Json = field(default_factory=dict)
    retry_after: float | None = None
    """Seconds after which the gateway wants to be asked again."""

    @property
    def detail_code(self) -> str:
        """The finer code that gateways since protocol 4 give; "" before."""
        code = self.details.get("code")
        return code if isinstance(code, str) else ""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request. ``agent`` gives two: accepted, and the result."""

    id: str
    payload: Json
    error: WireError | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something the gateway tells by itself."""

    name: str
    payload: Json
    seq: int | None
    """Number of the event on this connection, from 1."""


def request_text(request_id: str, method: str, params: Json) -> str:
    """Return the text of a request."""
    frame = {"type": "req", "id": request_id, "method": method, "params": params}
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace").decode()  # half a character cannot be sent


def parse_frame(data: str | bytes) -> Response | Event | None:
    """Read one message; ``None`` when it is of a type that we do not know.

    Raises:
        ProtocolError: It is no frame, or lacks what its type needs.

    """
    if isinstance(data, bytes):
        raise ProtocolError("the gateway sent a binary message")
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError):
        raise ProtocolError("the gateway sent something that is no JSON") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise ProtocolError("the gateway sent JSON that is no frame")
    match frame["type"]:
        case "res":
            return _response(frame)
        case "event":
            return _event(frame)
        case _:
            return None


def text_of(message: Any) -> str | None:
    """Return the text of a transcript message; ``None`` when it has none to speak of."""
    if not isinstance(message, dict):
        return None
    content = message.get("content")
    if isinstance(content, str):
        return as_text(content)
    if not isinstance(content, list):
        return None
    return "".join(as_text(part.get("text")) for part in content if isinstance(part, dict))


def as_dict(value: Any) -> Json:
    """Return a JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str:
    """Return a JSON string, or "" in place of anything else.

    Without halves of characters: a stream may be cut inside one, and nobody can say or send it.
    """
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode(errors="ignore").decode()


def quoted(text: str) -> str:
    """Return a gateway's message as ours may repeat it: one short line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"


def _response(frame: Json) -> Response:
    match frame:
        case {"id": str(request_id), "ok": True}:
            return Response(request_id, as_dict(frame.get("payload")), None)
        case {"id": str(request_id), "ok": False}:
            return Response(request_id, {}, _error(as_dict(frame.get("error"))))
        case _:
            raise ProtocolError("the gateway sent a response without id or outcome")


def _error(error: Json) -> WireError:
    return WireError(
        code=quoted(as_text(error.get("code"))) or "UNKNOWN",
        message=as_text(error.get("message")),
        details=as_dict(error.get("details")),
        retry_after=_seconds(error.get("retryAfterMs")),
    )


def _seconds(milliseconds: Any) -> float | None:
    if not isinstance(milliseconds, int | float) or not milliseconds >= 0:
        return None  # among them NaN
    return min(milliseconds, LONGEST_WAIT * 1000) / 1000


def _event(frame: Json) -> Event:
    name, seq = frame.get("event"), frame.get("seq")
    if not isinstance(name, str):
        raise ProtocolError("the gateway sent an event without a name")
    whole = isinstance(seq, int) and not isinstance(seq, bool)
    return Event(name, as_dict(frame.get("payload")), seq if whole else None)
