"""Run a fake Discord by itself: ``python -m tests.peers.discord [--port P] [--user NAME ...]``.

Prints a line of JSON with ``port``, ``ca_file``, ``token`` and the names of people and channels,
then does what lines on standard input say, and answers each with a line::

    {"do": "join", "user": "ann", "channel": "Lounge"}
    {"do": "run", "user": "ann", "command": "join", "options": {"channel": "Lounge"}}
    {"do": "say", "user": "ann", "file": "question.wav"}
    {"do": "hear", "user": "ann", "file": "answer.wav", "pause": 1.5}
    {"do": "leave", "user": "ann"}  {"do": "kick"}  {"do": "drag", "channel": "Workroom"}

Lines are carried out at once, one beside the other; an ``id`` comes back with the answer. It ends
on an interrupt, or when a pipe or terminal it reads from ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.peers.discord.console import PEOPLE, Console
from tests.peers.discord.server import FakeDiscord
from tests.peers.discord.world import Json


def _print(line: Json) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@asynccontextmanager
async def _lines() -> AsyncIterator[AsyncIterable[bytes]]:
    """Open standard input."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        yield reader
    finally:
        transport.close()


async def _carry_out(console: Console, text: bytes) -> None:
    try:
        line = json.loads(text)
    except ValueError as error:
        _print({"type": "error", "message": str(error)})
        return
    _print(await console.act(line))


async def _read(console: Console, stop: asyncio.Event) -> None:
    if not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode) and not sys.stdin.isatty():
        return  # nothing is going to come from a file or from nowhere
    async with _lines() as lines, asyncio.TaskGroup() as actions:
        running = set()
        async for text in lines:
            running.add(actions.create_task(_carry_out(console, text)))
        stop.set()
        for action in running:
            action.cancel()


async def _main(port: int, people: tuple[str, ...]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    discord = FakeDiscord()
    console = Console(discord, people)
    await discord.start(port)
    try:
        _print(console.describe())
        reading = asyncio.create_task(_read(console, stop))
        await stop.wait()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    finally:
        await discord.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.peers.discord")
    parser.add_argument("--port", type=int, default=0, help="TCP port (any free one)")
    parser.add_argument("--user", action="append", help=f"a person; default: {', '.join(PEOPLE)}")
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.port, tuple(arguments.user or PEOPLE)))
