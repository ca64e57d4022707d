"""Telephone calls with our own pipeline: how soon they answer, and how many two cores carry.

The telephone network is in this process and sends what Twilio sends; the ears are the real models
with the test fixture for a recogniser, the voice is our own speech server in its process, and the
agent answers at once. Printed are

- for one call: the time from the end of speech to the first sound of the answer at the telephone,
  and where it goes, by the spans of the turn record; the processor time that the call takes;
- for all calls at once, with our own pipeline and with a Realtime peer: the share of the cores, how
  late sound was sent, and whether everybody was answered.

::

    python -m benchmarks.phone_local [--turns N] [--calls N] [--seconds S]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import statistics
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.phone_realtime import ANN, ASKING, CALL, Desk, NoAgent, Watcher, run_peer
from benchmarks.phone_realtime import Telephone as Messages
from models.progress import NoProgress
from models.registry import Registry
from pipeline.audio import decode_file
from pipeline.cast import Persona
from pipeline.clock import LoopClock
from pipeline.config import PipelineConfig, SoundsConfig
from pipeline.engines import Engines
from pipeline.interfaces import Question
from pipeline.turn_record import TurnRecord
from server.config import Config, ConfigRequest, load_config
from server.engines import Ears, open_ears, open_voice
from server.phone.audio.g711 import PHONE_RATE, ULAW_SILENCE, encode_ulaw
from server.phone.audio.media_stream import MediaStream
from server.phone.calls.config import LimitsConfig
from server.phone.config_providers import OpenAIConfig
from server.phone.engines.engine import Engine, EngineCall
from server.phone.engines.local import LocalEngine
from server.phone.engines.local_session import Surroundings
from server.phone.engines.realtime.engine import RealtimeEngine
from server.phone.engines.realtime.session import Surroundings as RealtimeSurroundings
from server.phone.line.media_connection import carry
from server.phone.line.transport import PhoneTransport

CLIP = Path(__file__).parents[1] / "models" / "fixture" / "clips" / "ben-time.flac"
FRAME = 160
SECONDS = FRAME / PHONE_RATE
LEAD = 0.2
"""Seconds of sound that the telephone network should always hold of a reply."""

SILENCE = ULAW_SILENCE * FRAME
SPANS = ("vad", "smart_turn", "stt", "relevance", "gateway", "tts", "total")


class PromptAgent:
    """Answers at once."""

    asks_ahead = False

    async def ask(self, question: Question) -> AsyncGenerator[str]:
        yield "It is ten past four in the afternoon."


@dataclass
class Telephone(Messages):
    """Twilio's end of a media stream: plays what it gets in its time, and says what it lacked."""

    waiting: deque[bytes] = field(default_factory=deque)
    ended_at: float = 0.0
    waits: list[float] = field(default_factory=list)
    """Seconds from the end of what was said to the first sound of the answer."""

    late: list[float] = field(default_factory=list)
    """Seconds by which less than :data:`LEAD` was there when a frame of a reply came."""

    asked: int = 0
    _played_until: float = 0.0
    _first: int = 0

    async def send(self, text: str) -> None:
        message = json.loads(text)
        now = asyncio.get_running_loop().time()
        match message["event"]:
            case "media":
                self._hear(len(base64.b64decode(message["media"]["payload"])) / PHONE_RATE, now)
            case "mark":
                wait = max(0.0, self._played_until - now)
                mark = {"mark": message["mark"]}
                asyncio.get_running_loop().call_later(wait, self.put, "mark", mark)
            case "clear":
                self._played_until = now

    def _hear(self, seconds: float, now: float) -> None:
        if self.ended_at:
            self.waits.append(now - self.ended_at)
            self.ended_at = 0.0
        if now > self._played_until + 0.5:  # a new reply, which fills the lead first
            self._first = round(LEAD / seconds) + 1
        self._first = max(0, self._first - 1)
        if not self._first:
            self.late.append(max(0.0, LEAD - (self._played_until - now) - seconds))
        self._played_until = max(self._played_until, now) + seconds

    def ask_with(self, sound: Sequence[bytes]) -> None:
        """Say something, and note how long the answer takes."""
        self.asked += 1
        self.waiting.extend(sound)

    async def talk(self) -> None:
        """Send a frame every 20 ms."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for chunk in range(1 << 30):
            await asyncio.sleep(max(0.0, began + SECONDS * chunk - loop.time()))
            spoken = bool(self.waiting)
            payload = base64.b64encode(self.waiting.popleft() if spoken else SILENCE).decode()
            media = {"track": "inbound", "chunk": str(chunk + 1), "timestamp": str(20 * chunk)}
            self.put("media", {"media": media | {"payload": payload}})
            if spoken and not self.waiting:
                self.ended_at = loop.time()


@dataclass
class Load:
    """What some calls took."""

    seconds: float
    ours: float
    """Processor seconds of this process."""

    beside: float
    """Processor seconds of the processes it has started."""


@dataclass
class Talk:
    """Some calls that go on, and what was seen of them."""

    telephones: list[Telephone]
    records: list[TurnRecord]
    load: Load


def clip() -> list[bytes]:
    """Return the question as frames of mu-law, without the silence around it."""
    samples = np.concatenate(list(decode_file(CLIP, rate=PHONE_RATE)))
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() / 20)
    ulaw = encode_ulaw(samples[loud[0] : loud[-1]])
    ulaw += ULAW_SILENCE * (-len(ulaw) % FRAME)
    return [ulaw[at : at + FRAME] for at in range(0, len(ulaw), FRAME)]


def children_seconds() -> float:
    """Return the processor seconds of the processes that this one has started."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


@contextmanager
def measured() -> Iterator[Callable[[], Load]]:
    """Measure what a block takes."""
    began, ours, beside = time.monotonic(), time.process_time(), children_seconds()
    yield lambda: Load(
        time.monotonic() - began, time.process_time() - ours, children_seconds() - beside
    )


async def hold(engine: Engine | None, telephone: Telephone, clock: LoopClock) -> None:
    """Hold a call as the service does; without an engine only take its messages."""
    stream = MediaStream(CALL)
    while stream.started is None:
        stream.receive(await telephone.receive())
    if engine is None:
        while True:
            await telephone.receive()
    transport = PhoneTransport(ANN, clock)
    call = EngineCall("c1", "inbound", ANN, "main", "Nia", "agent:main:voice:15550001111")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(carry(telephone, stream, transport, Watcher()))
        tasks.create_task(engine.open(call, transport, Desk()).run())


class _DoneError(Exception):
    """All was asked: ends the tasks."""


async def converse(
    make: Callable[[LoopClock, list[TurnRecord]], Engine | None],
    calls: int,
    rounds: int,
    asks: Callable[[], Sequence[bytes]],
    pause: float,
) -> Talk:
    """Hold calls at once; each asks so often, with so many seconds between."""
    clock, records = LoopClock(), list[TurnRecord]()
    engine = make(clock, records)
    talk = Talk([Telephone() for _ in range(calls)], records, Load(0.0, 0.0, 0.0))

    async def ask_all() -> None:
        await asyncio.sleep(2.0)
        with measured() as load:
            for _ in range(rounds):
                for telephone in talk.telephones:
                    telephone.ask_with(asks())
                    await asyncio.sleep(pause / calls)
            await asyncio.sleep(pause)
            talk.load = load()
        raise _DoneError

    try:
        async with asyncio.TaskGroup() as tasks:
            for telephone in talk.telephones:
                telephone.start()
                tasks.create_task(hold(engine, telephone, clock))
                tasks.create_task(telephone.talk())
            tasks.create_task(ask_all())
    except* _DoneError:
        pass
    return talk


def figures(values: Sequence[float], *parts: int) -> str:
    """Return percentiles in milliseconds."""
    if len(values) < 2:
        return "too few to tell"
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return "  ".join(f"p{part} {1000 * cuts[part - 1]:6.1f}" for part in parts)


def print_answers(talk: Talk) -> None:
    """Print how soon calls answer."""
    waits = [wait for telephone in talk.telephones for wait in telephone.waits]
    calls = len(talk.telephones)
    print(f"end of speech to first sound, {calls} calls, {len(waits)} answers; ms")
    print(f"  at the telephone  {figures(waits, 50, 95)}")
    for span in SPANS:
        spans = [one.latency_ms.get(span) for one in talk.records]
        print(f"  {span:16}  {figures([one / 1000 for one in spans if one is not None], 50, 95)}")


def print_load(name: str, talk: Talk, bare: Load | None = None) -> None:
    """Print what calls took, less what the telephone network itself takes."""
    load, calls = talk.load, len(talk.telephones)
    ours = load.ours / load.seconds - (0.0 if bare is None else bare.ours / bare.seconds)
    beside = load.beside / load.seconds
    late = [one for telephone in talk.telephones for one in telephone.late]
    asked = sum(telephone.asked for telephone in talk.telephones)
    served = sum(len(telephone.waits) for telephone in talk.telephones)
    dry = sum(one > LEAD for one in late)
    print(
        f"{name:9} {calls:3d} calls  {ours / calls:6.2%} of a core a call,"
        f" beside {beside / calls:6.2%}; all {(ours + beside) / 2:6.2%} of two cores"
    )
    answered = f"answered {served} of {asked}"
    print(f"          {answered}; sent late {figures(late, 50, 99)}, {dry} times too late")


def local(
    ears: Ears, tts: Any, config: Config
) -> Callable[[LoopClock, list[TurnRecord]], Engine | None]:
    """Return what makes our own engine."""
    quiet = SoundsConfig(earcons=False, thinking=False, words=False)
    pipeline: PipelineConfig = config.pipeline.model_copy(update={"sounds": quiet})
    engines = Engines(ears.vad, ears.end_of_turn, ears.stt, PromptAgent(), tts)

    def make(clock: LoopClock, records: list[TurnRecord]) -> Engine:
        limits = LimitsConfig(silence=3600.0)
        around = Surroundings(engines, pipeline, limits, clock, datetime.now(UTC), records.append)
        return LocalEngine(around, lambda one: Persona(one, "Nia", config.tts.voice))

    return make


def realtime(url: str) -> Callable[[LoopClock, list[TurnRecord]], Engine | None]:
    """Return what makes the Realtime engine."""
    openai = OpenAIConfig.model_validate({"websocket_base_url": url, "api_key": "sk-none"})

    def make(clock: LoopClock, _records: list[TurnRecord]) -> Engine:
        limits = LimitsConfig(silence=3600.0)
        return RealtimeEngine(RealtimeSurroundings(openai, limits, NoAgent(), clock))

    return make


async def measure(options: argparse.Namespace, config: Config, ears: Ears, url: str) -> None:
    """Measure and print."""
    question = clip()
    rounds = max(1, round(options.seconds / 5.0))
    bare = await converse(lambda *_: None, options.calls, rounds, lambda: question, 5.0)
    share = bare.load.ours / bare.load.seconds
    print(
        f"the telephone network of {options.calls} calls takes {share:.1%} of a core, not counted"
    )
    async with open_voice(config) as tts:
        ours = local(ears, tts, config)
        one = await converse(ours, 1, options.turns, lambda: question, 5.0)
        print_answers(one)
        print_load("local", one)
        every = await converse(ours, options.calls, rounds, lambda: question, 5.0)
        print_load("local", every, bare.load)
        print_answers(every)
    peers = realtime(url)
    print_load("realtime", await converse(peers, 1, rounds, lambda: [ASKING], 5.0))
    every = await converse(peers, options.calls, rounds, lambda: [ASKING], 5.0)
    print_load("realtime", every, bare.load)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=20, help="questions in the one call")
    parser.add_argument("--calls", type=int, default=20, help="calls at once")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they all go on")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    fixture = ("pipeline.stt.model_size=fixture", "pipeline.stt.allow_test_fixture=true")
    config = load_config(ConfigRequest(overrides=fixture, environment={}))
    port, told = multiprocessing.Pipe(duplex=False)
    peer = multiprocessing.get_context("spawn").Process(target=run_peer, args=(told,), daemon=True)
    peer.start()
    url = f"ws://127.0.0.1:{port.recv()}/v1"
    try:
        with open_ears(config, Registry(config.models), NoProgress()) as ears:
            asyncio.run(measure(options, config, ears, url))
    finally:
        peer.terminate()
        peer.join()


if __name__ == "__main__":
    main()
