"""What our bridge between a telephone and OpenAI Realtime adds to a sound's way.

A peer in a process of its own answers a certain frame of the caller's sound at once with a tenth of
a second of voice. Measured is the time from the frame's Media Streams message to the first message
that carries the answer, once through everything a call has here (media stream, the sound's place in
time, the engine with its protocol, paced playout) and once through a bare relay, which only unpacks
and packs. Both run in one process at the same time, with the same other calls beside them, so that
they share its troubles. The median of what was measured is no figure of OpenAI's service.

``python -m benchmarks.phone_realtime [--answers N] [--calls N]``
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import statistics
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import websockets
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from pipeline.clock import LoopClock
from pipeline.interfaces import Participant, Question
from server.phone.audio.media_stream import MediaStream
from server.phone.calls.config import LimitsConfig
from server.phone.config_providers import OpenAIConfig
from server.phone.engines.engine import EngineCall, EngineEvent, Wish
from server.phone.engines.realtime.engine import RealtimeEngine
from server.phone.engines.realtime.session import Surroundings
from server.phone.line.media_connection import carry
from server.phone.line.transport import PhoneTransport

STREAM, CALL, ACCOUNT = "MZ" + "1" * 32, "CA" + "2" * 32, "AC" + "3" * 32
ASKING, TALKING, ANSWER = b"\x12" * 160, b"\x55" * 160, b"\x34" * 800
ANN = Participant("+15550001111", "Ann")
TARGET = 0.005
"""Seconds that our bridge may add, at the 95th percentile."""


async def answer(socket: ServerConnection) -> None:
    """Play OpenAI: answer the frame that asks."""
    asking = base64.b64encode(ASKING).decode()
    sound = base64.b64encode(ANSWER).decode()
    number = 0
    async for text in socket:
        if "session.update" in str(text[:40]):
            await socket.send(json.dumps({"type": "session.updated", "session": {}}))
        if asking not in str(text):
            continue
        number += 1
        ids = {"response_id": f"r{number}", "item_id": f"i{number}"}
        response = {"id": f"r{number}", "status": "completed", "output": []}
        for event in (
            {"type": "response.created", "response": response},
            {"type": "response.output_audio_transcript.delta", "delta": "Yes.", **ids},
            {"type": "response.output_audio.delta", "delta": sound, **ids},
            {"type": "response.output_audio.done", **ids},
            {"type": "response.done", "response": response},
        ):
            await socket.send(json.dumps(event))


def run_peer(port: Connection) -> None:
    """Run the peer; tells its port."""

    async def run() -> None:
        async with serve(answer, "127.0.0.1", 0, compression=None) as server:
            port.send(next(iter(server.sockets)).getsockname()[1])
            await server.serve_forever()

    asyncio.run(run())


@dataclass
class Telephone:
    """Twilio's end of a media stream, in memory: sends frames, returns marks, notes the time."""

    messages: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    asked_at: float = 0.0
    answered_at: float = 0.0
    sequence: int = 1

    async def receive(self) -> str:
        return await self.messages.get()

    async def send(self, text: str) -> None:
        message = json.loads(text)
        if message["event"] == "media" and not self.answered.is_set():
            self.answered_at = asyncio.get_running_loop().time()
            self.answered.set()
        if message["event"] == "mark":
            # Twilio returns it when all before it was played: 100 ms at a time here.
            asyncio.get_running_loop().call_later(0.1, self.put, "mark", {"mark": message["mark"]})

    def put(self, event: str, fields: dict[str, Any]) -> None:
        """Send a message of the stream."""
        self.sequence += 1
        message = {"event": event, "sequenceNumber": str(self.sequence), "streamSid": STREAM}
        self.messages.put_nowait(json.dumps(message | fields))

    def start(self) -> None:
        """Begin the stream."""
        sound = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        start = {
            "accountSid": ACCOUNT,
            "streamSid": STREAM,
            "callSid": CALL,
            "tracks": ["inbound"],
            "mediaFormat": sound,
            "customParameters": {},
        }
        self.messages.put_nowait(
            json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        )
        self.sequence = 0
        self.put("start", {"start": start})

    async def talk(self) -> None:
        """Send a frame every 20 ms; :meth:`ask` makes the next one ask."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for chunk in range(1 << 30):
            await asyncio.sleep(max(0.0, began + 0.02 * chunk - loop.time()))
            asks = self.asked_at < 0.0
            payload = base64.b64encode(ASKING if asks else TALKING).decode()
            media = {"track": "inbound", "chunk": str(chunk + 1), "timestamp": str(20 * chunk)}
            if asks:
                self.asked_at = loop.time()
            self.put("media", {"media": media | {"payload": payload}})

    async def ask(self) -> float:
        """Ask with the next frame; returns the seconds until the answer was heard."""
        self.answered.clear()
        self.asked_at = -1.0
        async with asyncio.timeout(10):
            await self.answered.wait()
        return self.answered_at - self.asked_at


class Watcher:
    """Follows a stream, and does nothing."""

    def receive_media(self) -> None: ...

    def receive_key(self, digit: str) -> None: ...


class Desk:
    """Takes in what an engine tells, and does nothing."""

    def tell(self, event: EngineEvent) -> None: ...

    async def grant(self, wish: Wish) -> None: ...


class NoAgent:
    """Is never asked."""

    asks_ahead = False

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        yield ""


async def bridge(telephone: Telephone, url: str) -> None:
    """Hold a call as the service does."""
    clock = LoopClock()
    openai = OpenAIConfig(websocket_base_url=url, api_key=SecretStr("sk-none"))
    limits = LimitsConfig(silence=3600.0)
    engine = RealtimeEngine(Surroundings(openai, limits, NoAgent(), clock))
    transport = PhoneTransport(ANN, clock)
    stream = MediaStream(CALL)
    while stream.started is None:
        stream.receive(await telephone.receive())
    call = EngineCall("c1", "inbound", ANN, "main", "Nia", "agent:main:voice:15550001111")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(carry(telephone, stream, transport, Watcher()))
        tasks.create_task(engine.open(call, transport, Desk()).run())


async def relay(telephone: Telephone, url: str) -> None:
    """Unpack and pack, and nothing else."""
    async with connect(f"{url}/realtime", compression=None) as socket:

        async def there() -> None:
            while True:
                message = json.loads(await telephone.receive())
                if message["event"] == "media":
                    event = {
                        "type": "input_audio_buffer.append",
                        "audio": message["media"]["payload"],
                    }
                    await socket.send(json.dumps(event))

        async def back() -> None:
            async for text in socket:
                event = json.loads(text)
                if event["type"] == "response.output_audio.delta":
                    media = {"payload": event["delta"]}
                    message = {"event": "media", "streamSid": STREAM, "media": media}
                    await telephone.send(json.dumps(message))

        with suppress(websockets.ConnectionClosed):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(there())
                tasks.create_task(back())


async def measure(url: str, answers: int, calls: int) -> dict[str, list[float]]:
    """Return the times of both, asked in turn, with so many other bridged calls beside them."""
    both = {"relay": Telephone(), "bridge": Telephone()}
    others = [Telephone() for _ in range(calls - 1)]
    times: dict[str, list[float]] = {name: [] for name in both}

    async def ask_in_turn() -> None:
        await asyncio.sleep(2.0)
        for number in range(answers):
            for name, telephone in both.items():
                times[name].append(await telephone.ask())
            if others:
                await others[number % len(others)].ask()
            await asyncio.sleep(0.25)  # until the answer was heard
        raise _DoneError

    try:
        async with asyncio.TaskGroup() as tasks:
            for telephone in (*both.values(), *others):
                telephone.start()
                hold = relay if telephone is both["relay"] else bridge
                tasks.create_task(hold(telephone, url))
                tasks.create_task(telephone.talk())
            tasks.create_task(ask_in_turn())
    except* _DoneError:
        pass
    return times


class _DoneError(Exception):
    """All was asked: ends the tasks."""


def percentile(times: list[float], part: int) -> float:
    """Return a percentile, in seconds."""
    return statistics.quantiles(times, n=100, method="inclusive")[part - 1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--calls", type=int, default=1, help="calls at the same time")
    options = parser.parse_args()
    port, told = multiprocessing.Pipe(duplex=False)
    peer = multiprocessing.get_context("spawn").Process(target=run_peer, args=(told,), daemon=True)
    peer.start()
    url = f"ws://127.0.0.1:{port.recv()}/v1"
    try:
        times = asyncio.run(measure(url, options.answers, options.calls))
    finally:
        peer.terminate()
        peer.join()
    print(f"{options.answers} answers, {options.calls} calls at once; milliseconds")
    for name, one in times.items():
        p50, p95 = (1000 * percentile(one, part) for part in (50, 95))
        print(f"  {name:7} p50 {p50:6.2f}  p95 {p95:6.2f}  longest {1000 * max(one):6.2f}")
    added = percentile(times["bridge"], 95) - percentile(times["relay"], 95)
    middle = percentile(times["bridge"], 50) - percentile(times["relay"], 50)
    verdict = "kept" if added <= TARGET else "missed"
    print(f"  added   p50 {1000 * middle:6.2f}  p95 {1000 * added:6.2f}  target 5.00: {verdict}")


if __name__ == "__main__":
    main()
