"""The model's answers: events in the order in which the service sends them."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.peers.openai_realtime.conversation import (
    Conversation,
    Emit,
    Handler,
    new_id,
    without_sound,
)
from tests.peers.openai_realtime.problems import ProblemError
from tests.peers.openai_realtime.script import RATE, CallTool, Fail, Say, Turn
from tests.peers.openai_realtime.settings import BYTES_PER_MS, check_settings
from tests.peers.telephone_sound import Law, Mono, encode_g711, resample

Json = dict[str, Any]
_ARGUMENT_PIECE = 12
_USAGE: Json = {
    "total_tokens": 30, "input_tokens": 20, "output_tokens": 10,
    "input_token_details": {"text_tokens": 10, "audio_tokens": 10, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 4, "audio_tokens": 6},
}  # fmt: skip
_LIMITS: list[Json] = [
    {"name": "tokens", "limit": 40000, "remaining": 39970, "reset_seconds": 0.045}
]


class SpeakingSession(Protocol):
    """What responses need of their session."""

    settings: Json
    conversation: Conversation
    by_sip: bool
    delta_ms: int
    delta_pause: float

    @property
    def emit(self) -> Emit: ...

    def next_turn(self) -> Turn: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...

    def on_spoken(self, milliseconds: float) -> None: ...


@dataclass(slots=True)
class Response:
    """One response while it lasts."""

    parameters: Json
    id: str = field(default_factory=lambda: new_id("resp"))
    output: list[Json] = field(default_factory=list)
    item: Json | None = None
    """The item being made."""

    index: int = 0
    cancelled_by: str = "client_cancelled"

    @property
    def out_of_band(self) -> bool:
        return self.parameters.get("conversation") == "none"


class Responses:
    """Makes the responses of one session."""

    def __init__(self, session: SpeakingSession) -> None:
        self._session = session
        self._emit = session.emit
        self._task: asyncio.Task[None] | None = None
        self.active: Response | None = None
        self.spoke = False

    @property
    def handlers(self) -> dict[str, Handler]:
        return {"response.create": self._create, "response.cancel": self._cancel}

    def begin(self, parameters: Json) -> None:
        """Begin the next turn of the script."""
        response = Response(parameters)
        task = self._session.spawn(self._run(response, self._session.next_turn()))
        if not response.out_of_band:
            self.active, self._task = response, task

    async def stop(self, reason: str) -> None:
        """Break the active response off."""
        if self.active is None or self._task is None:
            return
        self.active.cancelled_by = reason
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _create(self, event: Json) -> None:
        parameters = event.get("response") or {}
        checked = {"output_modalities", "audio", "tools"}
        check_settings({k: v for k, v in parameters.items() if k in checked}, "response")
        if parameters.get("conversation") != "none" and self.active is not None:
            message = (
                f"Conversation already has an active response in progress: {self.active.id}."
                " Wait until the response is finished before creating a new one."
            )
            raise ProblemError(message, "conversation_already_has_active_response")
        self.begin(parameters)

    async def _cancel(self, event: Json) -> None:
        if self.active is None or event.get("response_id") not in {None, self.active.id}:
            message = "Cancellation failed: no active response found"
            raise ProblemError(message, "response_cancel_not_active")
        await self.stop("client_cancelled")

    async def _run(self, response: Response, turn: Turn) -> None:
        try:
            await self._emit("response.created", response=self._json(response, "in_progress"))
            for response.index, step in enumerate(turn):
                if isinstance(step, Fail):
                    error = {"type": "server_error", "code": step.code, "message": step.message}
                    await self._done(response, "failed", {"type": "failed", "error": error})
                    return
                await self._step(response, step)
                await self._end_item(response)
        except asyncio.CancelledError:
            if response.item is not None:
                response.item["status"] = "incomplete"
                await self._end_speech(response)
                await self._end_item(response)
            details = {"type": "cancelled", "reason": response.cancelled_by}
            await self._done(response, "cancelled", details)
            return
        await self._done(response, "completed", None)

    async def _step(self, response: Response, step: Say | CallTool) -> None:
        match step:
            case CallTool():
                await self._call(response, step)
            case Say():
                await self._begin_item(
                    response, {"type": "message", "role": "assistant", "content": []}
                )
                modalities = response.parameters.get("output_modalities")
                if (modalities or self._session.settings["output_modalities"]) == ["text"]:
                    await self._write(response, step)
                else:
                    await self._speak(response, step)

    async def _call(self, response: Response, step: CallTool) -> None:
        arguments = step.arguments
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = {"type": "function_call", "name": step.name, "call_id": new_id("call")}
        item = await self._begin_item(response, {**call, "arguments": ""})
        ids = self._ids(response) | {"call_id": call["call_id"]}
        event = "response.function_call_arguments"
        for start in range(0, len(text), _ARGUMENT_PIECE):
            await self._emit(f"{event}.delta", delta=text[start : start + _ARGUMENT_PIECE], **ids)
        item["arguments"] = text
        await self._emit(f"{event}.done", name=step.name, arguments=text, **ids)

    async def _write(self, response: Response, step: Say) -> None:
        ids = self._ids(response) | {"content_index": 0}
        part = {"type": "text", "text": ""}
        await self._emit("response.content_part.added", part=part, **ids)
        for word in re.findall(r"\S+\s*", step.text):
            await self._emit("response.output_text.delta", delta=word, **ids)
        assert response.item is not None
        response.item["content"] = [{"type": "output_text", "text": step.text}]
        await self._emit("response.output_text.done", text=step.text, **ids)
        part = {"type": "text", "text": step.text}
        await self._emit("response.content_part.done", part=part, **ids)

    async def _speak(self, response: Response, step: Say) -> None:
        item, session = response.item, self._session
        assert item is not None
        kind = session.settings["audio"]["output"]["format"]["type"]
        sound = _encode(step.samples(), kind)
        size = session.delta_ms * BYTES_PER_MS[kind]
        pieces = [sound[start : start + size] for start in range(0, len(sound), size)]
        words = re.findall(r"\S+\s*", step.text)
        per_piece = max(1, -(-len(words) // max(1, len(pieces))))
        item["content"] = [{"type": "output_audio", "transcript": ""}]
        self.spoke = True
        ids = self._ids(response) | {"content_index": 0}
        part = {"type": "audio", "transcript": ""}
        await self._emit("response.content_part.added", part=part, **ids)
        if session.by_sip:
            await self._emit("output_audio_buffer.started", response_id=response.id)
        for index, piece in enumerate(pieces):
            text = "".join(words[index * per_piece : (index + 1) * per_piece])
            await self._say_piece(item, ids, text, piece, len(piece) / BYTES_PER_MS[kind])
        item["content"][0]["transcript"] = step.text
        await self._end_speech(response)
        session.on_spoken(len(sound) / BYTES_PER_MS[kind])

    async def _say_piece(
        self, item: Json, ids: Json, text: str, piece: bytes, milliseconds: float
    ) -> None:
        spoken = self._session.conversation.spoken_ms
        if text:
            item["content"][0]["transcript"] += text
            await self._emit("response.output_audio_transcript.delta", delta=text, **ids)
        spoken[item["id"]] = spoken.get(item["id"], 0.0) + milliseconds
        if not self._session.by_sip:  # there it goes by RTP, not by this socket
            delta = base64.b64encode(piece).decode()
            await self._emit("response.output_audio.delta", delta=delta, **ids)
        await asyncio.sleep(self._session.delta_pause)

    async def _end_speech(self, response: Response) -> None:
        item = response.item
        if item is None or not item.get("content") or item["content"][0]["type"] != "output_audio":
            return
        ids = self._ids(response) | {"content_index": 0}
        text = item["content"][0]["transcript"]
        await self._emit("response.output_audio.done", **ids)
        await self._emit("response.output_audio_transcript.done", transcript=text, **ids)
        part = {"type": "audio", "transcript": text}
        await self._emit("response.content_part.done", part=part, **ids)

    async def _begin_item(self, response: Response, content: Json) -> Json:
        item = {"id": new_id("item"), "object": "realtime.item", "status": "in_progress"} | content
        response.item = item
        await self._emit(
            "response.output_item.added",
            response_id=response.id,
            output_index=response.index,
            item=copy.deepcopy(item),
        )
        if not response.out_of_band:
            await self._session.conversation.add(item, done=False)
        return item

    async def _end_item(self, response: Response) -> None:
        item, response.item = response.item, None
        assert item is not None
        if item["status"] == "in_progress":
            item["status"] = "completed"
        shown = without_sound(item)
        response.output.append(shown)
        await self._emit(
            "response.output_item.done",
            response_id=response.id,
            output_index=response.index,
            item=shown,
        )
        conversation = self._session.conversation
        if item["id"] in conversation.items:
            before = conversation.previous_id(item["id"])
            await self._emit("conversation.item.done", previous_item_id=before, item=shown)

    async def _done(self, response: Response, status: str, details: Json | None) -> None:
        if self.active is response:
            self.active = None
        shown = self._json(response, status) | {"status_details": details, "usage": _USAGE}
        await self._emit("response.done", response=shown)
        await self._emit("rate_limits.updated", rate_limits=_LIMITS)

    def _ids(self, response: Response) -> Json:
        assert response.item is not None
        return {
            "response_id": response.id,
            "item_id": response.item["id"],
            "output_index": response.index,
        }

    def _json(self, response: Response, status: str) -> Json:
        settings = self._session.settings
        output = settings["audio"]["output"]
        conversation = None if response.out_of_band else f"conv_{settings['id'][5:]}"
        modalities = response.parameters.get("output_modalities")
        return {
            "object": "realtime.response", "id": response.id, "status": status,
            "status_details": None, "output": response.output, "conversation_id": conversation,
            "output_modalities": modalities or settings["output_modalities"],
            "max_output_tokens": "inf", "usage": None,
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "metadata": response.parameters.get("metadata"),
        }  # fmt: skip


def _encode(samples: Mono, kind: str) -> bytes:
    if kind == "audio/pcm":
        return samples.astype("<i2").tobytes()
    law: Law = "pcm_mulaw" if kind == "audio/pcmu" else "pcm_alaw"
    return encode_g711(resample(samples, RATE, 8000), law)
