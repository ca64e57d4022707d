"""A call without sockets: every event that is sent is judged by OpenAI's own types."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from server.phone.calls.config import LimitsConfig
from server.phone.engines.engine import EngineCall
from server.phone.engines.realtime.protocol import RealtimeProtocol
from server.phone.engines.realtime.replies import Sound
from server.phone.engines.realtime.steps import End, Reconnect, Send, StopSound, Tell, UseTool
from tests.peers.openai_realtime.sdk_types import check_client_event
from tests.server.phone.engines.realtime.talking_line import CALL, config

Json = dict[str, Any]


class Ear:
    """What was heard of each piece, as a test says."""

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}

    def seconds_played(self, number: int) -> float:
        return self.seconds.get(number, 0.0)


class ProtocolCall:
    """Drives a protocol, and sorts what it wants."""

    def __init__(self, call: EngineCall = CALL, *, patience: float = 30.0, **settings: Any) -> None:
        limits = settings.pop("limits", LimitsConfig())
        self.now = 100.0
        self.ear = Ear()
        self.protocol = RealtimeProtocol(call, config(**settings), limits, patience, self.now)
        self.sent: list[Json] = []
        self.told: list[Any] = []
        self.played: list[Sound] = []
        self.tools: list[UseTool] = []
        self.reconnects: list[str] = []
        self.end = None
        self.stops = 0

    def receive(self, kind: str, **fields: Any) -> None:
        self.protocol.receive(json.dumps({"type": kind, "event_id": "e", **fields}), self.now)
        self.drain()

    def drain(self) -> None:  # noqa: C901 - a step of every kind
        while (step := self.protocol.next_step()) is not None:
            match step:
                case Send(text):
                    check_client_event(json.loads(text))
                    self.sent.append(json.loads(text))
                case Sound():
                    self.played.append(step)
                case StopSound():
                    self.stops += 1
                    self.protocol.receive_stopped(self.ear, self.now)
                case UseTool():
                    self.tools.append(step)
                case Tell(event):
                    self.told.append(event)
                case Reconnect(reason):
                    self.reconnects.append(reason)
                case End(end):
                    self.end = end

    def take(self, kind: str | None = None) -> list[Json]:
        """Take out what was sent, or only of one type."""
        sent, self.sent = self.sent, []
        return [event for event in sent if kind is None or event["type"] == kind]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    def wait(self, seconds: float) -> None:
        """Let time pass, timer after timer."""
        until = self.now + seconds
        while (due := self.protocol.deadline(self.ear, self.now)) is not None and due <= until:
            self.now = max(self.now, due) + 1e-6
            self.protocol.handle_timer(self.ear, self.now)
            self.drain()
        self.now = until
        self.protocol.handle_timer(self.ear, self.now)
        self.drain()

    # Whole pieces of a session

    def set_up(self) -> None:
        self.protocol.connect(self.now)
        self.drain()
        self.receive("session.updated", session={})

    def hear(self, seconds: float) -> None:
        """Let the caller's sound come, whatever it is."""
        for _ in range(round(seconds * 50)):
            self.now += 0.02
            self.protocol.hear(b"\xff" * 160)

    def begin(self, response_id: str, request: str | None = None) -> None:
        metadata = {"request": request} if request else None
        response = {"id": response_id, "status": "in_progress", "metadata": metadata}
        self.receive("response.created", response=response)

    def speak(self, response_id: str, item_id: str, text: str, seconds: float) -> None:
        ids = {"response_id": response_id, "item_id": item_id}
        self.receive("response.output_audio_transcript.delta", delta=text, **ids)
        sound = base64.b64encode(b"\x00" * round(8000 * seconds)).decode()
        self.receive("response.output_audio.delta", delta=sound, **ids)

    def finish(self, response_id: str, status: str = "completed", **fields: Any) -> None:
        response = {"id": response_id, "status": status, "output": [], **fields}
        self.receive("response.done", response=response)

    def play_all(self) -> None:
        """Let all be heard that was queued."""
        for sound in self.played:
            seconds = len(sound.ulaw) / 8000
            self.ear.seconds[sound.piece] = self.ear.seconds.get(sound.piece, 0.0) + seconds
        self.played.clear()
        self.protocol.handle_timer(self.ear, self.now)
        self.drain()

    def say(self, response_id: str, text: str = "Yes.", request: str | None = None) -> None:
        """Let the model say something and the caller hear it."""
        self.begin(response_id, request)
        self.speak(response_id, f"item_{response_id}", text, 0.5)
        self.finish(response_id)
        self.play_all()

    def interrupt(self, item_id: str = "u1", at_ms: int = 0) -> None:
        self.receive("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=at_ms)

    def pause(self, item_id: str = "u1", at_ms: int = 0) -> None:
        self.receive("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=at_ms)

    def call_function(self, response_id: str, name: str, arguments: str, call_id: str = "f1"):
        item = {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        self.finish(response_id, output=[item])


def silent_call(**changes: Any) -> ProtocolCall:
    """Return a call that is set up, and in which the other side begins."""
    call = ProtocolCall(replace(CALL, opening="", **changes))
    call.set_up()
    call.take()
    return call
