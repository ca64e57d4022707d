"""Processor time of the sound of phone calls, both ways, for one call and for twenty.

Every call hears 20 ms of the caller every 20 ms, in the messages that Twilio sends, and says a
reply all the time, cut and taken as the pipeline gives it; the far end returns its marks. What is
printed is the share of one core that a call takes in real time, stage by stage and together:

- ``receive``: a message read, decoded, put in its place in time, resampled to 16 kHz;
- ``send``: a reply resampled to 8 kHz, paced, coded, written as messages, and its marks;
- ``record``: both sides written to a file.

``python -m benchmarks.phone_audio [--seconds S] [--calls N ...]``
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.audio import SPEECH_RATE
from pipeline.interfaces import ReplyAudio
from server.phone.audio.caller_sound import CallerSound, CallerVoice, PhoneSound
from server.phone.audio.g711 import PHONE_RATE, encode_ulaw
from server.phone.audio.media_stream import MediaStream
from server.phone.audio.playout import FRAME, PlayedSound, Playout, SendClear, SendMark, SendSound
from server.phone.audio.recorder import Recorder
from server.phone.audio.stereo import Side
from server.phone.audio.stream_messages import Media

STREAM, CALL = "MZ" + "1" * 32, "CA" + "2" * 32
CHUNK = 0.2
"""Seconds of reply that the speech server gives at once."""


@dataclass
class Cost:
    """Seconds of processor per stage, all calls together."""

    receive: float = 0.0
    send: float = 0.0
    record: float = 0.0


@dataclass
class Call:
    """One call with everything that its sound goes through."""

    recorder: Recorder
    stream: MediaStream = field(default_factory=lambda: MediaStream(CALL))
    sound: CallerSound = field(default_factory=CallerSound)
    voice: CallerVoice = field(default_factory=lambda: CallerVoice("caller"))
    playout: Playout = field(default_factory=Playout)
    marks: list[tuple[float, str]] = field(default_factory=list)
    sent: int = 0

    def hear(self, text: str, now: float) -> PhoneSound:
        media = self.stream.receive(text)
        if not isinstance(media, Media):
            raise SystemExit("a message was not understood")
        sound = self.sound.receive(media, now)
        self.voice.hear(sound)
        return sound

    def speak(self, now: float, reply: ReplyAudio | None) -> list[PlayedSound]:
        if reply is not None:
            self.playout.queue(reply, now)
        self.playout.handle_timer(now)
        while self.marks and self.marks[0][0] <= now:
            self.playout.receive_mark(self.marks.pop(0)[1], now)
        while (step := self.playout.next_step()) is not None:
            match step:
                case SendSound(ulaw):
                    self.stream.media(ulaw)
                    self.sent += len(ulaw)
                case SendMark(name):
                    self.stream.mark(name)
                    self.marks.append((now + 0.2, name))
                case SendClear():
                    self.stream.clear()
        return list(iter(self.playout.next_played, None))


def measured(cost: Cost, stage: str) -> Callable[[float], None]:
    """Return what adds the processor time since ``began`` to a stage."""

    def add(began: float) -> None:
        setattr(cost, stage, getattr(cost, stage) + time.process_time() - began)

    return add


def messages(seconds: float) -> Iterator[str]:
    """Yield the messages of a caller who talks all the time."""
    tones = np.random.default_rng(1).normal(0, 3000, PHONE_RATE).astype(np.int16)
    ulaw = encode_ulaw(tones)
    for index in range(round(seconds * 50)):
        start = index * FRAME % PHONE_RATE
        payload = base64.b64encode(ulaw[start : start + FRAME]).decode()
        media = {
            "track": "inbound",
            "chunk": str(index + 1),
            "timestamp": str(index * 20),
            "payload": payload,
        }
        message = {"event": "media", "sequenceNumber": str(index + 2), "media": media}
        yield json.dumps({**message, "streamSid": STREAM})


def start() -> str:
    """Return the message with which a stream begins."""
    begin = {
        "accountSid": "AC1",
        "streamSid": STREAM,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    return json.dumps(
        {"event": "start", "sequenceNumber": "1", "start": begin, "streamSid": STREAM}
    )


async def talk(calls: list[Call], seconds: float) -> Cost:
    """Let all calls go on for a while, in the time of the sound, and wait for the disk."""
    cost = Cost()
    receive, send, record = (measured(cost, stage) for stage in ("receive", "send", "record"))
    noise = np.random.default_rng(2).normal(0, 3000, round(CHUNK * SPEECH_RATE)).astype(np.int16)
    reply = ReplyAudio(1, "some words of a reply", noise)
    for index, text in enumerate(messages(seconds)):
        now = (index + 1) * 0.02
        began = time.process_time()
        heard = [call.hear(text, now) for call in calls]
        receive(began)
        began = time.process_time()
        # The speech server is ahead of what is heard by two chunks.
        due = index in {0, 1} or index % round(CHUNK * 50) == 0
        played = [call.speak(now, reply if due else None) for call in calls]
        send(began)
        began = time.process_time()
        for call, sound, replies in zip(calls, heard, played, strict=True):
            call.recorder.record(Side.CALLER, sound.at, sound.samples, now)
            for one in replies:
                call.recorder.record(Side.BOT, one.at, one.samples, now)
        record(began)
    began = time.process_time()
    for call in calls:
        call.recorder.finish(seconds)
    for call in calls:
        recording = await call.recorder.wait_written()
        if recording.error or abs(recording.seconds - seconds) > 0.001:
            raise SystemExit(f"a recording of {recording.seconds} s: {recording.error}")
        if call.sent < (seconds - 1) * PHONE_RATE:
            raise SystemExit(f"only {call.sent} bytes were sent")
    record(began)
    return cost


def report(count: int, seconds: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        calls = [Call(Recorder(Path(folder) / f"{index}.wav", 0.0)) for index in range(count)]
        for call in calls:
            call.stream.receive(start())
        cost = asyncio.run(talk(calls, seconds))
    of_audio = count * seconds
    shares = [cost.receive / of_audio, cost.send / of_audio, cost.record / of_audio]
    receive, send, record = (f"{share:.2%}" for share in shares)
    frame = sum(shares) * 20_000
    print(
        f"{count:3d} calls  receive {receive}  send {send}  record {record}"
        f"  together {sum(shares):.2%} of a core a call ({frame:.0f} us per 20 ms),"
        f" {sum(shares) * count:.1%} for all"
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each call")
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 20], help="calls at once")
    arguments = parser.parse_args()
    for count in arguments.calls:
        report(count, arguments.seconds)


if __name__ == "__main__":
    main()
