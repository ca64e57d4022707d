"""What a live telephone call notices of attacks on the public listener.

Somebody is told a story while another process attacks from one address, as hard as it can: requests
without a signature, media sockets without a token, and requests a byte at a time. Printed are the
longest silence within the story and all of it, as heard at the telephone, beside those of a call
that nobody disturbs, and how many attempts were made and let in.

::

    python -m benchmarks.phone_attack [--seconds S]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import secrets
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import groupby
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, TypeAlias

from server.phone.calls.config import InboundConfig
from server.phone.public.app import STREAM
from tests.peers.telephone_sound import FRAME_BYTES, decode_g711, loudness
from tests.peers.twilio import HangUp, Hear, HearEnd
from tests.peers.twilio.person import AUDIBLE
from tests.server.phone.live.phone_scene import HOST
from tests.server.phone.service_scene import Setup, telephone

FRAME_MS = 20
WORD = 0.1
"""Seconds that a word of the story takes."""

AT_ONCE = 200
"""Connections of the attacker."""

HEAD = f"Host: {HOST}\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"

Count: TypeAlias = "Synchronized[int]"
Attack: TypeAlias = Callable[[int, Count, Count], Coroutine[Any, Any, None]]


async def unsigned(port: int, made: Count, let_in: Count) -> None:
    """Send one request without a signature."""
    body = "CallSid=CA0&CallStatus=completed&SequenceNumber=9"
    form = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    request = f"POST /status HTTP/1.1\r\n{HEAD}{form}Content-Length: {len(body)}\r\n\r\n{body}"
    await _ask(port, request, made, let_in)


async def socket(port: int, made: Count, let_in: Count) -> None:
    """Ask for one media socket without a token."""
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = f"Sec-WebSocket-Key: {secrets.token_urlsafe(16)}==\r\n"
    path = f"{STREAM}/{secrets.token_urlsafe(24)}"
    await _ask(port, f"GET {path} HTTP/1.1\r\n{HEAD}{upgrade}{key}\r\n", made, let_in)


async def drip(port: int, made: Count, let_in: Count) -> None:
    """Send one request a byte at a time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    made.value += 1
    try:
        for byte in f"POST /status HTTP/1.1\r\n{HEAD}Content-Length: 60000\r\n\r\n".encode():
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
            if reader.at_eof():
                return
    finally:
        writer.close()


ATTACKS: dict[str, Attack] = {"unsigned": unsigned, "socket": socket, "drip": drip}


async def _ask(port: int, request: str, made: Count, let_in: Count) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    made.value += 1
    try:
        writer.write(request.encode())
        answer = await reader.readline()
        let_in.value += any(status in answer for status in (b" 101 ", b" 200 ", b" 204 "))
    finally:
        writer.close()


def attack(name: str, port: int, made: Count, let_in: Count) -> None:
    """Attack until the process is ended."""

    async def again_and_again() -> None:
        while True:
            try:
                await ATTACKS[name](port, made, let_in)
            except OSError:
                await asyncio.sleep(0.01)

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(again_and_again())

    asyncio.run(main())


@contextmanager
def attacked(name: str | None, port: int, made: Count, let_in: Count) -> Iterator[None]:
    """Attack from another process meanwhile; with no name, do not."""
    if name is None:
        yield
        return
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=attack, args=(name, port, made, let_in), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


async def measure(folder: Path, name: str | None, seconds: float) -> str:
    """Tell a story beside an attack; return what the listener noticed, as a line."""
    context = multiprocessing.get_context("spawn")
    made, let_in = context.Value("i", 0), context.Value("i", 0)
    story = " ".join(f"word{index}" for index in range(round(seconds / WORD)))
    greeting = {"inbound": story, "disclosure": "", "written_down": ""}
    setup = Setup(speed=1.0, inbound=InboundConfig(policy="open"), more={"greeting": greeting})
    async with telephone(folder, setup) as phone:
        with attacked(name, phone.port, made, let_in):
            if name is not None:
                await asyncio.sleep(3.0)  # the attacker has to start
            before = time.process_time()
            call = await phone.ring_in(Hear(0.1), HearEnd(1.0), HangUp())
            await call.over(3 * seconds + 20)
            used = time.process_time() - before
        longest, silent = gaps(bytes(call.stream.heard_sound))
        record = await phone.record(call.sid)
    whole = record.transcript[0].text == story and not record.transcript[0].interrupted
    return (
        f"{name or 'nothing':10} longest silence {longest * FRAME_MS:4} ms,"
        f" all {silent * FRAME_MS:5} ms of {seconds:.0f} s;"
        f" processor {100 * used / seconds:4.0f} %; attempts {made.value:6},"
        f" let in {let_in.value}; story {'whole' if whole else 'broken'}"
    )


def gaps(sound: bytes) -> tuple[int, int]:
    """Return the longest row of silent frames within what was heard, and all of them."""
    frames = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    heard = [loudness(decode_g711(frame)) > AUDIBLE for frame in frames]
    runs = [(audible, len(list(run))) for audible, run in groupby(heard)]
    silent = [length for audible, length in runs[1:-1] if not audible]
    return max(silent, default=0), sum(silent)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each story")
    options = parser.parse_args()
    print(f"{AT_ONCE} connections of one address at once; the call beside them heard:")
    for name in (None, *ATTACKS):
        with tempfile.TemporaryDirectory() as folder:
            print(asyncio.run(measure(Path(folder), name, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
