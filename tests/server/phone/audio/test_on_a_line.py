"""All of a call's sound, both ways, against the fake Twilio over a real socket."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from aiohttp import WSMsgType, web

from pipeline.audio import AudioFrame
from pipeline.interfaces import Volume
from server.phone.audio.caller_sound import CallerSound, CallerVoice
from server.phone.audio.g711 import encode_ulaw
from server.phone.audio.media_stream import MediaStream
from server.phone.audio.playout import Playout, SendClear, SendMark, SendSound
from server.phone.audio.recorder import Recorder
from server.phone.audio.stereo import Side
from server.phone.audio.stream_messages import (
    KeyPressed,
    Marked,
    Media,
    Started,
    Stopped,
    StreamMessage,
)
from tests.peers.twilio import FakeTwilio, HangUp, Network, Press, Quiet, Speak

HOST = "phone.example.test"
VOICE = f"https://{HOST}/voice"
CALLER = "+15550001111"

Act = Callable[["Bridge"], None]


def noise(seconds: float, seed: int = 1) -> bytes:
    """Return mu-law of which no two moments are alike and none is silent."""
    samples = np.random.default_rng(seed).normal(0, 4000, round(8000 * seconds))
    return encode_ulaw(np.clip(samples, -30_000, 30_000).astype(np.int16))


class Bridge:
    """What a transport does with the parts, and a script of what happens when."""

    def __init__(self, twilio: FakeTwilio, script: Sequence[tuple[float, Act]], file: Path) -> None:
        self.now = twilio.clock.now
        self.script = list(script)
        self.file = file
        self.playout = Playout()
        self.sound = CallerSound()
        self.voice = CallerVoice(CALLER)
        self.heard: list[AudioFrame] = []
        self.keys = ""
        self.began = 0.0
        self.ended = False
        self.over = asyncio.Event()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.stream = MediaStream(request.match_info["call"])
        while not self.ended and not socket.closed:
            try:
                async with asyncio.timeout(0.005):
                    message = await socket.receive()
            except TimeoutError:
                pass
            else:
                if message.type != WSMsgType.TEXT:
                    break
                self.take(self.stream.receive(message.data))
            if self.stream.started is not None:
                await self.go_on(socket)
        self.recorder.finish(self.now())
        assert not (await self.recorder.wait_written()).error
        self.over.set()
        return socket

    def take(self, said: StreamMessage | None) -> None:
        now = self.now()
        match said:
            case Started():
                self.began = now
                self.recorder = Recorder(self.file, now)
            case Media():
                sound = self.sound.receive(said, now)
                self.recorder.record(Side.CALLER, sound.at, sound.samples, now)
                self.heard += self.voice.hear(sound)
            case Marked(name=name):
                self.playout.receive_mark(name, now)
            case KeyPressed(digit=digit):
                self.keys += digit
            case Stopped():
                self.ended = True

    async def go_on(self, socket: web.WebSocketResponse) -> None:
        now = self.now()
        while self.script and now >= self.began + self.script[0][0]:
            self.script.pop(0)[1](self)
        self.playout.handle_timer(now)
        while (step := self.playout.next_step()) is not None:
            match step:
                case SendSound(ulaw):
                    await socket.send_str(self.stream.media(ulaw))
                case SendMark(name):
                    await socket.send_str(self.stream.mark(name))
                case SendClear():
                    await socket.send_str(self.stream.clear())
        while (played := self.playout.next_played()) is not None:
            self.recorder.record(Side.BOT, played.at, played.samples, now)

    async def voice_document(self, request: web.Request) -> web.Response:
        call = (await request.post())["CallSid"]
        document = f'<Response><Connect><Stream url="wss://{HOST}/{call}"/></Connect></Response>'
        return web.Response(text=document, content_type="text/xml")


async def talk(script, steps, file: Path, *, speed: float = 4.0, network: Network | None = None):
    async with FakeTwilio(speed=speed) as twilio:
        bridge = Bridge(twilio, script, file)
        application = web.Application()
        application.router.add_post("/voice", bridge.voice_document)
        application.router.add_get("/{call}", bridge.serve)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            twilio.tunnel(HOST, runner.addresses[0][1])
            call = await twilio.ring_in(CALLER, VOICE, steps=steps, network=network)
            async with asyncio.timeout(60):
                await call.over()
                await bridge.over.wait()
        finally:
            await runner.cleanup()
        return bridge, call


def say(piece: int, seconds: float) -> Act:
    return lambda bridge: bridge.playout.queue_ulaw(piece, noise(seconds, piece), bridge.now())


def stop(bridge: Bridge) -> None:
    bridge.playout.stop(bridge.now())


def volume(loudness: Volume) -> Act:
    return lambda bridge: bridge.playout.set_volume(loudness, bridge.now())


@pytest.mark.slow
def test_three_interruptions_and_what_was_heard_of_each(tmp_path):
    script = [
        *((0.5, say(1, 5.0)), (2.0, stop)),
        *((3.0, say(2, 5.0)), (3.4, volume(Volume.DUCKED)), (3.7, stop)),
        *((5.0, say(3, 5.0)), (6.0, volume(Volume.HELD)), (6.5, volume(Volume.FULL)), (7.5, stop)),
        (9.0, say(4, 1.0)),
    ]
    steps = [Quiet(11.0), HangUp()]
    bridge, call = asyncio.run(talk(script, steps, tmp_path / "call.wav", speed=2.0))
    assert not call.stream.violations
    assert not call.errors
    sound = np.frombuffer(bytes(call.stream.heard_sound), np.uint8) != 0xFF
    ledger = bridge.playout.ledger(bridge.now())
    for piece, (begin, end) in enumerate([(0.4, 2.9), (2.9, 4.9), (4.9, 8.9), (8.9, 11.0)], 1):
        really = sound[round(begin * 8000) : round(end * 8000)].sum() / 8000
        assert ledger.seconds_played(piece) == pytest.approx(really, abs=0.15)
    assert ledger.seconds_played(4) == pytest.approx(1.0)
    assert bridge.playout.finished
    assert call.stream.most_waiting_ms <= 260


@pytest.mark.slow
def test_a_bad_network_the_caller_is_heard_in_true_time_and_recorded(tmp_path):
    said = tmp_path / "said.wav"
    with wave.open(str(said), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        spoken = np.random.default_rng(3).normal(0, 4000, 8000 * 6).astype("<i2")
        file.writeframes(spoken.tobytes())
    bridge, call = asyncio.run(
        talk(
            [(0.5, say(1, 4.0))],
            [Speak(said), Press("5#"), Quiet(0.5), HangUp()],
            tmp_path / "call.wav",
            speed=2.0,
            network=Network(loss=0.05, jitter=0.1),
        )
    )
    assert bridge.keys == "5#"
    assert bridge.sound.lost == pytest.approx(0.02 * call.stream.frames_lost, abs=0.021)
    first = bridge.heard[0].at
    assert bridge.heard[-1].end - first == pytest.approx(6.5, abs=0.25)
    with wave.open(str(tmp_path / "call.wav")) as file:
        recorded = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    truth = call.stream.stereo
    assert len(recorded) / 8000 == pytest.approx(len(truth) / 8000, abs=0.15)
    offsets = [offset(recorded[:, side], truth[:, side], 4.0) for side in Side]
    assert abs(offsets[0] - offsets[1]) <= 0.05  # this machine's own jitter, twice as fast


def offset(recorded: np.ndarray, truth: np.ndarray, at: float) -> float:
    """Return by how many seconds a recording is late, at a moment."""
    start, length, reach = round(at * 8000), 4000, 2400
    pattern = truth[start : start + length].astype(float)
    place = recorded[start - reach : start + length + reach].astype(float)
    return float(np.argmax(np.correlate(place, pattern, "valid")) - reach) / 8000
