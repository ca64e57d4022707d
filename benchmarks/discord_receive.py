"""Processor time of hearing people on Discord, beside discord.py's reader and a naive decode.

Every speaker sends real packets (RTP, transport encryption, DAVE, Opus at
64 kb/s), in real time by UDP from another process. Ours is the program's
reader, receiver and queue; ``naive`` is what bots usually do in discord.py's
thread: decode to 48 kHz stereo, mix down, resample to 16 kHz. Both end with
16 kHz frames on the event loop, where the same voice activity model listens.
Every figure is measured in a process of its own. ::

    python -m benchmarks.discord_receive --audio ../shared/audio
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import davey
import discord.opus
import nacl.secret
import numpy as np
from discord.voice_state import SocketReader

from benchmarks.side_by_side import REPOSITORY, silero, streams
from benchmarks.vad import our_speaker
from discord_bot.dave import DaveKeys
from discord_bot.opus import load_opus, opus_path
from discord_bot.receiver import Receiver
from discord_bot.rtp import SILENCE
from discord_bot.socket_reader import make_reader
from discord_bot.transport import EventQueue
from pipeline.audio import HEARING_RATE, VAD_WINDOW, AudioFrame
from pipeline.config import VadConfig
from pipeline.hearing import Windows
from pipeline.speech_gate import SpeechGate
from pipeline.vad import SileroVad
from tests.discord_bot.groups import BOT, Call, group_of
from tests.discord_bot.packets import KEY, Sender
from tests.peers.discord import opus as peers_opus

SIDES = ("ours", "naive")
SPEAKERS = (1, 5, 10)
FRAME_SECONDS = 0.02
TARGET_PERCENT, TARGET_MS = 0.6, 5
WARM_UP = 1.0
"""Seconds of packets that are not measured."""


@dataclass(slots=True)
class Traffic:
    """What is sent, and the keys to it."""

    session: davey.DaveSession
    users: tuple[int, ...]
    packets: list[bytes] = field(default_factory=list)
    """In the order and at the even pace in which they are sent."""


def traffic(arguments: argparse.Namespace) -> Traffic:
    """Prepare all packets of all speakers."""
    users = tuple(range(2001, 2001 + arguments.speakers))
    bot, others = group_of(*users)
    made = Traffic(bot, users)
    voices = []
    for voice in streams(arguments, arguments.speakers):
        opus = peers_opus.encode(peers_opus.load(voice, HEARING_RATE))
        count = round((arguments.seconds + WARM_UP) / FRAME_SECONDS)
        voices.append([opus[number % len(opus)] for number in range(count)])
    senders = [Sender(ssrc) for ssrc in range(1, 1 + len(voices))]
    for packets in zip(*voices, strict=True):
        for sender, session, packet in zip(senders, others, packets, strict=True):
            made.packets.append(sender.packet(session.encrypt_opus(packet), extended=True))
    return made


def send(address: tuple[str, int], packets: Sequence[bytes], interval: float) -> None:
    """Send packets at an even pace, in a process of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        began = time.perf_counter() + 0.5
        for number, packet in enumerate(packets):
            time.sleep(max(0.0, began + number * interval - time.perf_counter()))
            sender.sendto(packet, address)


Emit = Callable[[AudioFrame], None]
"""Takes what was heard."""


class Ours:
    """The program's receiver, on the event loop."""

    def __init__(self, made: Traffic) -> None:
        keys = DaveKeys(Call(made.session), BOT)
        self._receiver = Receiver(keys, load_opus(), lambda _: True)
        for ssrc, user_id in enumerate(made.users, 1):
            self._receiver.receive_speaking(ssrc, user_id, speaks=False, now=0.0)

    def reader(self, state: Any, emit: Emit) -> SocketReader:
        """Begin to read the state's socket."""
        reader = make_reader(state, asyncio.get_running_loop())
        reader.register(lambda datagram: self.receive(datagram, state.clock.now(), emit))
        return reader

    def receive(self, datagram: bytes, now: float, emit: Emit) -> None:
        """Hear one packet."""
        self._receiver.receive_datagram(datagram, key=KEY, own_ssrc=0, now=now)
        while (event := self._receiver.next_event()) is not None:
            if isinstance(event, AudioFrame):
                emit(event)


class Naive:
    """What bots usually do, in discord.py's own thread."""

    def __init__(self, made: Traffic) -> None:
        import audioop  # noqa: PLC0415 - warns that later versions of Python lack it

        discord.opus.load_opus(opus_path())
        self._audioop = audioop
        self._made = made
        self._box = nacl.secret.Aead(KEY)
        self._decoders = [discord.opus.Decoder() for _ in made.users]
        self._filters: list[Any] = [None for _ in made.users]

    def reader(self, state: Any, emit: Emit) -> SocketReader:
        """Begin to read the state's socket."""
        loop = asyncio.get_running_loop()

        def hand_over(frame: AudioFrame) -> None:
            loop.call_soon_threadsafe(emit, frame)

        reader = SocketReader(state)
        reader.register(lambda datagram: self.receive(datagram, state.clock.now(), hand_over))
        reader.start()
        return reader

    def receive(self, datagram: bytes, now: float, emit: Emit) -> None:
        """Hear one packet."""
        header = datagram[:16]
        body = self._box.decrypt(datagram[16:-4], header, datagram[-4:] + bytes(20))
        speaker = int.from_bytes(header[8:12], "big") - 1
        user_id = self._made.users[speaker]
        payload = body[4:]
        if payload != SILENCE:
            payload = self._made.session.decrypt(user_id, davey.MediaType.audio, payload)
        stereo = self._decoders[speaker].decode(payload, fec=False)
        mono = self._audioop.tomono(stereo, 2, 0.5, 0.5)
        pcm, self._filters[speaker] = self._audioop.ratecv(
            mono, 2, 1, 48_000, HEARING_RATE, self._filters[speaker]
        )
        emit(AudioFrame(str(user_id), np.frombuffer(pcm, np.int16), now - FRAME_SECONDS))


class Listening:
    """Takes the frames as the conversation does: each speaker in a task."""

    def __init__(self, vad: SileroVad, tasks: asyncio.TaskGroup) -> None:
        self._vad = vad
        self._tasks = tasks
        self._queues: dict[str, asyncio.Queue[AudioFrame]] = {}
        self._running: list[asyncio.Task[None]] = []

    def hear(self, frame: AudioFrame) -> None:
        queue = self._queues.get(frame.speaker)
        if queue is None:
            queue = self._queues[frame.speaker] = asyncio.Queue()
            self._running.append(self._tasks.create_task(self._listen(queue)))
        queue.put_nowait(frame)

    def stop(self) -> None:
        for task in self._running:
            task.cancel()

    async def _listen(self, queue: asyncio.Queue[AudioFrame]) -> None:
        stream, windows, gate = self._vad.open(), Windows(), SpeechGate(VadConfig())
        while True:
            for start, window in windows.push(await queue.get()):
                probability = await stream.score(window)
                gate.receive(probability, start=start, end=start + VAD_WINDOW / HEARING_RATE)


def work(side: Ours | Naive, made: Traffic) -> dict[str, Any]:
    """Hear all packets as fast as they are taken: what the work itself costs."""
    frames: list[AudioFrame] = []
    began = time.process_time()
    for number, packet in enumerate(made.packets):
        side.receive(packet, number * FRAME_SECONDS / len(made.users), frames.append)
    spent = time.process_time() - began
    return {"work_us": 1e6 * spent / len(frames)}


async def live(side: Ours | Naive, made: Traffic, vad: SileroVad) -> dict[str, Any]:
    """Hear all packets in real time; return processor time and how late frames were."""
    speakers = len(made.users)
    clock, frames = ArrivalClock(), EventQueue()
    late: list[float] = []
    spent = began = 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(0.0)
        reader = side.reader(SimpleNamespace(socket=receiving, clock=clock), frames.put)
        reader.resume(force=True)
        sender = _sender(receiving.getsockname(), made.packets, FRAME_SECONDS / speakers)
        async with asyncio.TaskGroup() as tasks:
            listening = Listening(vad, tasks)
            async for frame in frames.take():
                if not isinstance(frame, AudioFrame):
                    continue
                late.append(clock.since_arrival())
                listening.hear(frame)
                if len(late) == round(WARM_UP / FRAME_SECONDS) * speakers:
                    spent, began = time.process_time(), time.perf_counter()
                if len(late) >= len(made.packets) - speakers:
                    break
            spent, took = time.process_time() - spent, time.perf_counter() - began
            listening.stop()
        sender.join()
        reader.stop()
        if reader.is_alive():
            reader.join()
    late_ms = 1000 * np.array(late[round(WARM_UP / FRAME_SECONDS) * speakers :])
    return {
        "percent": 100 * spent / took / speakers,
        "p50_ms": np.percentile(late_ms, 50),
        "p99_ms": np.percentile(late_ms, 99),
    }


class ArrivalClock:
    """Notes when the packets arrived of which the frames are still to come."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque()

    def now(self) -> float:
        arrived = time.perf_counter()
        self._arrivals.append(arrived)
        return arrived

    def since_arrival(self) -> float:
        """Return how long ago the packet of the next frame arrived."""
        return time.perf_counter() - self._arrivals.popleft()


def _sender(address: tuple[str, int], packets: list[bytes], interval: float) -> Any:
    sender = multiprocessing.get_context("spawn").Process(
        target=send, args=(address, packets, interval), daemon=True
    )
    sender.start()
    return sender


def main() -> None:
    """Measure every case on both sides in child processes; or be such a child."""
    arguments = _arguments()
    if arguments.side:
        print(json.dumps(_measure(arguments)))
        return
    seconds, targets = arguments.seconds, f"targets: {TARGET_PERCENT} % and {TARGET_MS} ms"
    print(f"Hearing one speaking user, {seconds} s each ({targets})")
    print("work: as fast as packets are taken. live: one by one in real time, with every wake-up;")
    print("µs of a packet, % of a core with the voice activity model, and packet to frame in ms")
    print(f"{'':>8}  {'':>6} {'work':>16} {'live':>24}")
    heads = ("µs", "%", "%", "p50", "p99")
    print(f"{'speakers':>8}  {'':>6}" + "".join(f"{head:>8}" for head in heads))
    for speakers in SPEAKERS:
        listening = _child("vad", speakers, arguments)["percent"]
        for name in SIDES:
            found = _child(name, speakers, arguments)
            percent = found["work_us"] / FRAME_SECONDS / 1e4 + listening
            figures = (found["work_us"], percent, found["percent"])
            line = "".join(f"{one:>8.2f}" for one in (*figures, found["p50_ms"], found["p99_ms"]))
            print(f"{speakers:>8}  {name:>6}{line}")


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    vad = SileroVad(arguments.vad)
    try:
        if arguments.side == "vad":
            return {"percent": asyncio.run(_listening(vad, arguments))}
        kind = Ours if arguments.side == "ours" else Naive
        made = traffic(arguments)
        figures = work(kind(made), made)
        made = traffic(arguments)  # a packet opens only once
        return figures | asyncio.run(live(kind(made), made, vad))
    finally:
        vad.close()


async def _listening(vad: SileroVad, arguments: argparse.Namespace) -> float:
    """Return the share of a core that listening alone takes for each speaker."""
    voices = streams(arguments, arguments.speakers)
    began = time.process_time()
    async with asyncio.TaskGroup() as tasks:
        for voice in voices:
            tasks.create_task(our_speaker(vad, voice))
    spent = time.process_time() - began
    return 100 * spent / arguments.seconds / arguments.speakers


def _child(side: str, speakers: int, arguments: argparse.Namespace, *more: str) -> dict[str, Any]:
    options = [
        *("--side", side, "--speakers", str(speakers), "--seconds", str(arguments.seconds)),
        *("--audio", str(arguments.audio), "--vad", str(arguments.vad)),
    ]
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.discord_receive", *options]
    # One BLAS thread, as run.py sets for the service.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60 + 4 * arguments.seconds,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.discord_receive")
    parser.add_argument("--audio", type=Path, default=REPOSITORY.parent / "shared" / "audio")
    parser.add_argument("--vad", type=Path, default=silero("silero_vad.onnx"))
    parser.add_argument("--seconds", type=int, default=20, help="audio per speaker")
    parser.add_argument("--speakers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=(*SIDES, "vad"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
