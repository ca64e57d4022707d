"""The fake Discord as a program of its own, with discord.py's own client on it."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import discord
import numpy as np

from pipeline.audio import decode_file
from tests.discord_bot.stock_bot import StockBot, load_opus
from tests.peers.discord import GUARD, correlation, speech_like, until
from tests.peers.discord.tls import LoopbackResolver

REPOSITORY = Path(__file__).parents[2]


class Program:
    """The running program."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self._process = process
        self.ready = ready

    async def ask(self, **line: Any) -> dict[str, Any]:
        """Send a line and return the answer to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer = json.loads(await self._process.stdout.readline())
        assert isinstance(answer, dict)
        return answer

    def connector(self) -> aiohttp.TCPConnector:
        context = ssl.create_default_context(cafile=self.ready["ca_file"])
        return aiohttp.TCPConnector(resolver=LoopbackResolver(self.ready["port"]), ssl=context)


@asynccontextmanager
async def program(*arguments: str, ends_by: signal.Signals | None) -> AsyncIterator[Program]:
    """Run it; it has to end by itself without a word of complaint."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.peers.discord",
        *arguments,
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(2 * GUARD):
        try:
            running = Program(process, json.loads(await process.stdout.readline()))
            yield running
            if ends_by is None:
                process.stdin.close()
            else:
                process.send_signal(ends_by)
            assert await process.wait() == 0
            assert await process.stderr.read() == b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            process.stdin.close()


def test_program_is_steered_by_lines_while_a_bot_is_connected(tmp_path: Path) -> None:
    said = speech_like(0.5)

    async def main() -> None:
        load_opus()
        async with program(ends_by=signal.SIGINT) as peer:
            bot = StockBot(peer.connector(), discord.Intents(guilds=True, voice_states=True))
            async with bot:
                running = asyncio.create_task(bot.start(peer.ready["token"]))
                await until(bot.is_ready)
                joined = await peer.ask(do="join", user="ann", channel="Lounge", id=1)
                assert joined == {"type": "done", "do": "join", "id": 1, "user": "ann"}
                answer = await peer.ask(
                    do="run", user="ann", command="join", options={"channel": "Lounge"}
                )
                assert answer["text"] == "Joined Lounge"
                assert answer["deferred"]
                await until(lambda: bot.secured)
                bot.say(said)
                file = tmp_path / "heard.wav"
                heard = await peer.ask(do="hear", user="ann", file=str(file), pause=0.3)
                assert heard["start"] < heard["end"]
                spoken = await peer.ask(do="say", user="ann", file=str(file), speed=10)
                assert spoken["type"] == "done"
                await peer.ask(do="kick")
                await until(lambda: not bot.voice_clients)
            await running

    asyncio.run(main())
    pcm = np.concatenate(list(decode_file(tmp_path / "heard.wav", rate=48_000)))
    assert correlation(said, pcm) >= 0.99


def test_program_says_what_is_wrong_with_a_line_and_ends_with_its_input() -> None:
    async def main() -> None:
        async with program("--user", "zoe", ends_by=None) as peer:
            assert list(peer.ready["users"]) == ["zoe"]
            for line, problem in (
                ({"do": "dance"}, "KeyError"),
                ({"do": "join", "user": "ann", "channel": "Lounge"}, "KeyError"),
                ({"do": "run", "user": "zoe", "command": "join"}, "no command /join"),
                ({"do": "say", "user": "zoe", "file": "/nowhere.wav"}, "no voice channel"),
                ({"do": "join", "user": "zoe", "channel": "Lounge"}, ""),
                ({"do": "say", "user": "zoe", "file": "/nowhere.wav"}, "No such file"),
                ({"word": "hello"}, "KeyError"),
            ):
                answer = await peer.ask(**line)
                assert answer["type"] == ("error" if problem else "done")
                assert problem in answer.get("message", "")

    asyncio.run(main())
