"""The caller's sound: the buffer, and the turns found in it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from tests.peers.openai_realtime.conversation import Conversation, Emit, Handler, new_id
from tests.peers.openai_realtime.problems import ProblemError
from tests.peers.openai_realtime.settings import BYTES_PER_MS
from tests.peers.openai_realtime.voice_activity import (
    SpeechStarted,
    SpeechStopped,
    VoiceActivity,
    waits,
)
from tests.peers.telephone_sound import Mono, decode_g711

Json = dict[str, Any]
LEAST_COMMITTED_MS = 100


class ListeningSession(Protocol):
    """What the input needs of its session."""

    settings: Json
    conversation: Conversation
    heard: Iterator[str]

    @property
    def emit(self) -> Emit: ...

    async def interrupt(self) -> None:
        """The caller has begun to speak."""
        ...

    async def answer(self, trigger: str) -> None:
        """The caller's turn is over."""
        ...


class AudioInput:
    """Takes in sound."""

    def __init__(self, session: ListeningSession) -> None:
        self._session = session
        self._activity = VoiceActivity()
        self._buffered_ms = 0.0
        self._item_id: str | None = None
        self.total_ms = 0.0

    @property
    def handlers(self) -> dict[str, Handler]:
        return {
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit_by_hand,
            "input_audio_buffer.clear": self._clear,
        }

    @property
    def _turn_detection(self) -> Json | None:
        found: Json | None = self._session.settings["audio"]["input"]["turn_detection"]
        return found

    async def _append(self, event: Json) -> None:
        samples, rate, milliseconds = self._decode(event["audio"])
        self.total_ms += milliseconds
        self._buffered_ms += milliseconds
        detection = self._turn_detection
        if detection is None:
            return
        for found in self._activity.feed(samples, rate, *waits(detection)):
            match found:
                case SpeechStarted(at_ms):
                    await self._started(at_ms, detection)
                case SpeechStopped(at_ms):
                    await self._stopped(at_ms, detection)

    async def _started(self, at_ms: int, detection: Json) -> None:
        self._item_id = new_id("item")
        await self._session.emit(
            "input_audio_buffer.speech_started", item_id=self._item_id, audio_start_ms=at_ms
        )
        if detection.get("interrupt_response") is not False:
            await self._session.interrupt()

    async def _stopped(self, at_ms: int, detection: Json) -> None:
        item_id, self._item_id = self._item_id or new_id("item"), None
        await self._session.emit(
            "input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=at_ms
        )
        await self.commit(item_id)
        if detection.get("create_response") is not False:
            await self._session.answer("vad")

    async def commit(self, item_id: str) -> None:
        """Make the buffer an item of the conversation."""
        session = self._session
        seconds, self._buffered_ms = self._buffered_ms / 1000, 0.0
        before = session.conversation.last_id
        await session.emit("input_audio_buffer.committed", item_id=item_id, previous_item_id=before)
        content = [{"type": "input_audio", "transcript": None}]
        item = {"id": item_id, "type": "message", "role": "user", "content": content}
        await session.conversation.add(item)
        if not session.settings["audio"]["input"]["transcription"]:
            return
        text = next(session.heard, "(sound)")
        event = "conversation.item.input_audio_transcription"
        await session.emit(f"{event}.delta", item_id=item_id, content_index=0, delta=text)
        usage = {"type": "duration", "seconds": round(seconds, 2)}
        await session.emit(
            f"{event}.completed", item_id=item_id, content_index=0, transcript=text, usage=usage
        )

    async def _commit_by_hand(self, event: Json) -> None:
        if self._buffered_ms < LEAST_COMMITTED_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of"
                f" audio, but buffer only has {self._buffered_ms:.2f}ms of audio."
            )
            raise ProblemError(message, "input_audio_buffer_commit_empty")
        await self.commit(new_id("item"))

    async def _clear(self, event: Json) -> None:
        self._buffered_ms, self._item_id = 0.0, None
        self._activity.reset()
        await self._session.emit("input_audio_buffer.cleared")

    def _decode(self, encoded: str) -> tuple[Mono, int, float]:
        """Return samples, their rate, and milliseconds."""
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            message = "Invalid 'audio'. Expected base64-encoded audio bytes."
            raise ProblemError(message, "invalid_value", "audio") from None
        kind = self._session.settings["audio"]["input"]["format"]["type"]
        milliseconds = len(data) / BYTES_PER_MS[kind]
        match kind:
            case "audio/pcmu":
                return decode_g711(data), 8000, milliseconds
            case "audio/pcma":
                return decode_g711(data, "pcm_alaw"), 8000, milliseconds
        if len(data) % 2:
            raise ProblemError("Invalid audio: odd number of bytes.", "invalid_value", "audio")
        return np.frombuffer(data, "<i2").astype(np.int16), 24000, milliseconds
