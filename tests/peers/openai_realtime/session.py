"""One connection to the service."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from tests.peers.openai_realtime.audio_input import AudioInput
from tests.peers.openai_realtime.conversation import Conversation, Handler, new_id
from tests.peers.openai_realtime.problems import ProblemError
from tests.peers.openai_realtime.responses import Responses
from tests.peers.openai_realtime.script import Turn
from tests.peers.openai_realtime.sdk_types import check_client_event, check_server_event
from tests.peers.openai_realtime.settings import (
    check_update,
    default_settings,
    merged,
)
from tests.peers.openai_realtime.sip import SipCall

Json = dict[str, Any]
EXPIRED = 1001


class Service(Protocol):
    """What a session needs of the service."""

    heard: Iterator[str]
    speed: float
    delta_ms: int
    delta_pause: float

    def next_turn(self) -> Turn: ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...

    def wall_time(self) -> float: ...


class RealtimeSession:
    """A session, and all that was said on it."""

    def __init__(
        self, service: Service, socket: web.WebSocketResponse, model: str, call: SipCall | None
    ) -> None:
        self._service = service
        self._socket = socket
        self._idle: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.call = call
        self.by_sip = call is not None
        self.delta_ms, self.delta_pause = service.delta_ms, service.delta_pause / service.speed
        self.heard = service.heard
        expires_at = int(service.wall_time()) + 3600
        self.settings = default_settings(new_id("sess"), model, expires_at)
        if call is not None:
            given = {name: one for name, one in call.accepted.items() if one is not None}
            self.settings = merged(self.settings, given)
        self.received: list[Json] = []
        """Events of the program."""

        self.sent: list[Json] = []
        self.errors: list[Json] = []
        """What the program was told it did wrong."""

        self.close_code: int | None = None
        self.conversation = Conversation(self.emit)
        self.input = AudioInput(self)
        self.responses = Responses(self)
        self._handlers: dict[str, Handler] = {
            "session.update": self._update,
            "output_audio_buffer.clear": self._clear_output,
            **self.conversation.handlers,
            **self.input.handlers,
            **self.responses.handlers,
        }

    # For tests

    @property
    def truncations(self) -> list[Json]:
        return self.conversation.truncations

    def received_of(self, event_type: str) -> list[Json]:
        return [one for one in self.received if one["type"] == event_type]

    async def expire(self) -> None:
        """End the session as after its longest duration."""
        error = {
            "type": "invalid_request_error",
            "code": "session_expired",
            "message": "Your session hit the maximum duration of 60 minutes.",
            "param": None,
            "event_id": None,
        }
        await self.emit("error", error=error)
        await self._socket.close(code=EXPIRED, message=b"session_expired")

    def drop(self) -> None:
        """Break the connection without a word."""
        assert self._transport is not None
        self._transport.abort()

    async def press(self, key: str) -> None:
        """Let a SIP caller press a key; the one event that has no id."""
        event = {
            "type": "input_audio_buffer.dtmf_event_received",
            "event": key,
            "received_at": int(self._service.wall_time()),
        }
        await self._socket.send_str(json.dumps(event))

    async def close(self) -> None:
        if not self._socket.closed:
            await self._socket.close()

    # Running

    async def run(self, transport: asyncio.Transport | None) -> None:
        """Serve the connection until it ends."""
        self._transport = transport
        await self.emit("session.created", session=copy.deepcopy(self.settings))
        async for message in self._socket:
            await self._receive(message.data if message.type is WSMsgType.TEXT else "")
        self.close_code = self._socket.close_code
        await self.responses.stop("client_cancelled")
        self._stop_idling()

    async def emit(self, event_type: str, **fields: Any) -> None:
        """Send an event."""
        event = {"type": event_type, "event_id": new_id("event"), **fields}
        check_server_event(event)
        self.sent.append(event)
        if not self._socket.closed:
            with contextlib.suppress(ConnectionError):  # the reading side notices
                await self._socket.send_str(json.dumps(event))

    def next_turn(self) -> Turn:
        return self._service.next_turn()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._service.spawn(work)

    async def interrupt(self) -> None:
        self._stop_idling()
        await self.responses.stop("turn_detected")

    async def answer(self, trigger: str) -> None:
        if self.responses.active is None:
            self.responses.begin({})

    def on_spoken(self, milliseconds: float) -> None:
        """Wait for the caller from the end of what was said."""
        detection = self.settings["audio"]["input"]["turn_detection"] or {}
        idle_ms = detection.get("idle_timeout_ms")
        if not idle_ms:
            return
        self._stop_idling()
        began = int(self.input.total_ms + milliseconds)
        wait = (milliseconds + idle_ms) / 1000 / self._service.speed
        self._idle = asyncio.get_running_loop().call_later(
            wait, lambda: self.spawn(self._time_out(began, began + idle_ms))
        )

    def _stop_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _time_out(self, began_ms: int, ended_ms: int) -> None:
        item_id = new_id("item")
        await self.emit(
            "input_audio_buffer.timeout_triggered",
            item_id=item_id,
            audio_start_ms=began_ms,
            audio_end_ms=ended_ms,
        )
        await self.input.commit(item_id)
        await self.answer("idle")

    async def _receive(self, text: str) -> None:
        event_id = None
        try:
            event = _parse(text)
            event_id = event.get("event_id")
            self.received.append(event)
            check_client_event(event)
            await self._handlers[event["type"]](event)
        except ProblemError as problem:
            error = problem.body | {"event_id": event_id}
            self.errors.append(error)
            await self.emit("error", error=error)

    async def _update(self, event: Json) -> None:
        check_update(self.settings, event["session"], spoke=self.responses.spoke)
        self.settings = merged(self.settings, event["session"])
        await self.emit("session.updated", session=copy.deepcopy(self.settings))

    async def _clear_output(self, event: Json) -> None:
        if not self.by_sip:
            message = "output_audio_buffer.clear is only supported for WebRTC and SIP."
            raise ProblemError(message, "invalid_value", "type")
        active = self.responses.active
        response_id = active.id if active is not None else "resp_none"
        await self.emit("output_audio_buffer.cleared", response_id=response_id)


def _parse(text: str) -> Json:
    try:
        event = json.loads(text)
    except ValueError:
        message = "We could not parse the JSON body of your request."
        raise ProblemError(message, "invalid_json") from None
    return event if isinstance(event, dict) else {}
