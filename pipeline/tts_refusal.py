"""What speech servers answer instead of sound, in the forms they have for it. Sans-I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

_OF_REQUEST = frozenset({400, 404, 413, 415, 422})
"""Statuses with which servers refuse a format, a voice or a text; another may do."""

_DIGITS = 9
"""Of a number that is believed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server said instead of speaking."""

    status: int
    message: str
    """In its own words, "" when they are none for people."""

    about: str
    """Everything it said on what is wrong, lower case."""

    retry_after: float = 0.0
    """Seconds after which it wants to be asked again; 0 when it does not say."""

    target: str = ""
    """Where it sends us instead."""

    @property
    def of_request(self) -> bool:
        """Whether the same server may speak when asked otherwise."""
        return self.status in _OF_REQUEST

    @property
    def of_voice(self) -> bool:
        """Whether it is the voice, and plainly not the format."""
        return self.of_request and "voice" in self.about and "format" not in self.about

    @property
    def of_format(self) -> bool:
        """Whether it is the format, and plainly not the voice."""
        return self.of_request and "format" in self.about and "voice" not in self.about

    @property
    def of_model(self) -> bool:
        """Whether it is the model, and plainly nothing else."""
        others = ("voice", "format")
        return (
            self.of_request
            and "model" in self.about
            and not any(other in self.about for other in others)
        )

    @property
    def of_text(self) -> bool:
        """Whether it may be this text alone: the server is well."""
        known = self.of_voice or self.of_model or self.status == HTTPStatus.NOT_FOUND
        return self.of_request and not known


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Read what an error says, in the forms of OpenAI, FastAPI and plain text.

    Args:
        status: Of the response.
        headers: Likewise; found in any case of letters.
        body: As much of it as is worth reading.

    """
    text = body.decode(errors="replace")
    target = headers.get("Location", "") if HTTPStatus(300) <= status < HTTPStatus(400) else ""
    wait = _retry_after(headers)
    try:
        answer = json.loads(text)
    except ValueError:
        message = "" if "html" in headers.get("Content-Type", "") else text
        return Refusal(status, message, text.lower(), wait, target)
    message, about = _error_words(answer)
    return Refusal(status, message, about.lower(), wait, target)


def _error_words(answer: Any) -> tuple[str, str]:
    """Return an error's message and all that it says on what is wrong, without what we sent."""
    if isinstance(answer, dict):
        answer = answer.get("error") or answer.get("detail") or answer
    if isinstance(answer, list):  # FastAPI lists what is invalid, with our input
        answer = answer[0] if answer else ""
    if not isinstance(answer, dict):
        return str(answer), str(answer)
    message = str(answer.get("message") or answer.get("msg") or answer.get("error") or "")
    about = (message, answer.get("param"), answer.get("code"), answer.get("loc"))
    return message, " ".join(str(part) for part in about if part)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read ``Retry-After``: seconds, or a date, which is compared with the server's own."""
    milliseconds, said = headers.get("Retry-After-Ms", ""), headers.get("Retry-After", "")
    for number, unit in ((milliseconds, 1e-3), (said, 1.0)):
        if number.isdecimal() and len(number) <= _DIGITS:
            return int(number) * unit
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, wait.total_seconds())


def voice_names(answer: Any) -> Iterator[tuple[str, str]]:
    """Find the names in the forms that servers use for lists of voices.

    Yields:
        A name, and that of the voice which stands behind it: the same where it is not told.

    """
    if isinstance(answer, dict):
        answer = answer.get("voices") or answer.get("data") or ()
    for voice in answer if isinstance(answer, list | dict) else ():
        if isinstance(voice, str):
            yield voice, voice
        elif isinstance(voice, dict):
            name = voice.get("id") or voice.get("voice_id") or voice.get("name")
            behind = voice.get("voice")
            if isinstance(name, str):
                yield name, behind if isinstance(behind, str) else name
