"""A speech server's answer as events: sound, and when its words are said. Sans-I/O.

They are those of OpenAI's ``stream_format: "sse"``. Our own server tells in each which words begin
in its sound, and offers it to clients by a header, :data:`OFFER`.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.speech_audio import SpeechAudioError
from pipeline.word_times import WordStart

OFFER = "X-Word-Times"
"""Header of a server that tells the times of words."""

OFFERED = "sse"
"""Its value: in the events of ``stream_format: "sse"``."""

MEDIA_TYPE = "text/event-stream"

_LONGEST = 4_000_000
"""Bytes of one event: a minute of sound."""


def offers_word_times(headers: Mapping[str, str]) -> bool:
    """Whether a server tells the times of words (headers found in any case of letters)."""
    return headers.get(OFFER) == OFFERED


class SpeechEvents:
    """Reads the events of one answer."""

    def __init__(self) -> None:
        self._buffer = b""
        self._words: list[WordStart] = []
        self.complete = False
        """Whether the server has told that all was said."""

    def push(self, data: bytes) -> bytes:
        """Take in bytes and return the encoded sound that they complete (may be empty).

        Raises:
            SpeechAudioError: They are no such events, or the server tells that it failed.

        """
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST:
            raise SpeechAudioError("an event without an end")
        return b"".join(self._read(line) for line in lines)

    def take_words(self) -> tuple[WordStart, ...]:
        """Return the words that have begun since the last call."""
        words, self._words = self._words, []
        return tuple(words)

    def _read(self, line: bytes) -> bytes:
        name, _, value = line.partition(b":")
        if name != b"data" or value.strip() == b"[DONE]":  # a comment, or a field of no use here
            return b""
        try:
            event = json.loads(value)
            kind = event["type"]
            if kind == "speech.audio.delta":
                self._words += _words(event)
                return b64decode(event["audio"], validate=True)
            failure = event["error"]["message"] if kind == "error" else None
        except (ValueError, KeyError, TypeError) as error:
            raise SpeechAudioError("events that are not OpenAI's") from error
        if failure is not None:
            raise SpeechAudioError(f"only a part of the sound: {failure}")
        self.complete = self.complete or kind == "speech.audio.done"
        return b""


def _words(event: Mapping[str, Any]) -> Iterator[WordStart]:
    for word in event.get("words", ()):
        yield WordStart(int(word["offset"]), float(word["start"]))
