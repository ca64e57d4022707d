"""A whole Realtime call between the fake Twilio and the fake OpenAI, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import WSMsgType, web

from pipeline.clock import LoopClock, Timer
from server.phone.audio.media_stream import MediaStream
from server.phone.calls.config import LimitsConfig
from server.phone.engines.engine import AgentSaid, EngineEnd
from server.phone.engines.realtime.engine import RealtimeEngine
from server.phone.engines.realtime.session import Surroundings
from server.phone.line.media_connection import MediaSocketClosed, carry
from server.phone.line.transport import PhoneTransport
from tests.peers.openai_realtime import FakeOpenAI, Say
from tests.peers.telephone_sound import FRAME_BYTES, decode_g711, loudness
from tests.peers.twilio import FakeTwilio, HangUp, Hear, HearEnd, Speak
from tests.server.phone.engines.realtime.talking_line import (
    ANN,
    CALL,
    Desk,
    ScriptedAgent,
    config,
    silence,
    speech,
)

HOST = "phone.example.test"
WORD = 0.3
"""Seconds of a word, about."""

WORDS = " ".join(f"word{number}" for number in range(20))
LENGTH = 6.0


class FastClock(LoopClock):
    """Seconds of a telephone network of which several pass in one."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def now(self) -> float:
        return super().now() * self._speed

    def call_at(self, at: float, callback: Callable[[], None]) -> Timer:
        return super().call_at(at / self._speed, callback)


class Socket:
    """A media socket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def receive(self) -> str:
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT:
            raise MediaSocketClosed
        return message.data

    async def send(self, text: str) -> None:
        try:
            await self._socket.send_str(text)
        except ConnectionError:
            raise MediaSocketClosed from None


class Watcher:
    def receive_media(self) -> None: ...

    def receive_key(self, digit: str) -> None: ...


class Program:
    """Answers a call with the engine."""

    def __init__(self, openai: FakeOpenAI, speed: float) -> None:
        clock = FastClock(speed)
        limits = LimitsConfig(silence=60.0)
        around = Surroundings(config(openai, silence=0.3), limits, ScriptedAgent(), clock)
        self.engine = RealtimeEngine(around)
        self.transport = PhoneTransport(ANN, clock)
        self.desk = Desk()
        self.end: EngineEnd | None = None

    async def voice(self, request: web.Request) -> web.Response:
        call = (await request.post())["CallSid"]
        document = f'<Response><Connect><Stream url="wss://{HOST}/{call}"/></Connect></Response>'
        return web.Response(text=document, content_type="text/xml")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        socket, stream = Socket(response), MediaStream(request.match_info["call"])
        while stream.started is None:
            stream.receive(await socket.receive())
        async with asyncio.TaskGroup() as tasks:
            run = tasks.create_task(self.engine.open(CALL, self.transport, self.desk).run())
            await carry(socket, stream, self.transport, Watcher())
            self.transport.close()
        self.end = run.result()
        return response


async def talk(speed: float):
    script = [Say("Hello.", 0.5), *(Say(WORDS, LENGTH) for _ in range(3)), Say("Bye.", 0.5)]
    says = Speak(speech(0.5) + silence(0.1))
    steps = [HearEnd(0.3), says, Hear(1.0), says, Hear(1.7), says, Hear(2.5), says]
    async with FakeOpenAI(script, speed=speed) as openai, FakeTwilio(speed=speed) as twilio:
        program = Program(openai, speed)
        application = web.Application()
        application.router.add_post("/voice", program.voice)
        application.router.add_get("/{call}", program.media)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            twilio.tunnel(HOST, runner.addresses[0][1])
            url = f"https://{HOST}/voice"
            call = await twilio.ring_in(ANN.id, url, steps=[*steps, HearEnd(0.5), HangUp()])
            async with asyncio.timeout(60):
                await call.over()
        finally:
            await runner.cleanup()
        return program, call, openai.sessions[0]


def heard_in_a_row(sound: bytes) -> list[float]:
    """Return how many seconds were heard between one silence and the next."""
    frames = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    rows, quiet = [0.0], 0
    for frame in frames:
        if loudness(decode_g711(frame)) > 200:
            if quiet > 10 and rows[-1]:
                rows.append(0.0)
            rows[-1] += 0.02
            quiet = 0
        else:
            quiet += 1
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("speed", [1.0, 8.0])
def test_three_interruptions_the_model_learns_what_the_callers_ear_has_heard(speed):
    program, call, session = asyncio.run(talk(speed))
    assert not session.errors
    assert not call.errors
    assert not call.stream.violations
    ear = heard_in_a_row(bytes(call.stream.heard_sound))
    assert len(ear) == 5
    told = [one["audio_end_ms"] / 1000 for one in session.truncations]
    assert told == pytest.approx(ear[1:4], abs=WORD)
    said = program.desk.of(AgentSaid)
    assert [one.interrupted for one in said] == [False, True, True, True, False]
    for one, seconds in zip(said[1:4], ear[1:4], strict=True):
        assert abs(len(one.heard.split()) - seconds / LENGTH * 20) <= 1.0
