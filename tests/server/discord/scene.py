"""The whole program on a fake Discord, talking with a gateway: as a user runs it, unpatched."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.peers.discord import ChannelKind, FakeDiscord, FakeUser, until
from tests.peers.discord.world import BOT_ID
from tests.peers.gateway_hub import GatewayHub
from tests.server.commands.program import CLIPS, REPOSITORY, environment

TEXT, LOUNGE, OFFICE = 600, 700, 701
GUARD = 60.0
"""Seconds after which a test that hangs is given up."""

FIXTURE = {
    "PIPELINE__STT__MODEL_SIZE": "fixture",
    "PIPELINE__STT__ALLOW_TEST_FIXTURE": "true",
}


@dataclass
class Service:
    """The running program."""

    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)
    url: str = ""

    async def until_logged(self, pattern: str) -> re.Match[str]:
        """Wait for a line of the log."""
        async with asyncio.timeout(GUARD):
            while True:
                for line in self.log:
                    if found := re.search(pattern, line):
                        return found
                if self.process.returncode is not None:
                    raise AssertionError("".join(self.log))
                await asyncio.sleep(0.02)

    async def get(self, path: str) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            found: dict[str, Any] = (await client.get(self.url + path)).raise_for_status().json()
        return found

    async def turns(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many turns are recorded; return them in their order."""
        async with asyncio.timeout(GUARD):
            while True:
                turns = (await self.get("/turns"))["turns"]
                if len(turns) >= count:
                    return sorted(turns, key=lambda turn: turn["start"])
                await asyncio.sleep(0.05)

    async def health(self, part: str) -> dict[str, str]:
        health: dict[str, str] = (await self.get("/health"))["parts"][part]
        return health

    async def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        """End the program as Ctrl-C does."""
        self.process.send_signal(sign)
        async with asyncio.timeout(GUARD):
            return await self.process.wait()


def clip(name: str) -> Path:
    """Return a sentence that the test model knows."""
    return CLIPS / f"{name}.flac"


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 2 * GUARD))


@asynccontextmanager
async def guild() -> AsyncIterator[FakeDiscord]:
    """Run a Discord with one server: a text channel and two voice channels."""
    async with FakeDiscord() as discord:
        discord.add_channel(TEXT, "general", ChannelKind.TEXT)
        discord.add_channel(LOUNGE, "Lounge")
        discord.add_channel(OFFICE, "Office")
        yield discord


@asynccontextmanager
async def gateway(*agents: str) -> AsyncIterator[GatewayHub]:
    """Run a gateway with these agents, which repeat what they hear."""
    hub = GatewayHub()
    hub.agents = list(agents or ("jarvis", "sage"))
    async with hub.running():
        yield hub


def bot_is_in(discord: FakeDiscord, channel: int = LOUNGE) -> bool:
    return BOT_ID in discord.room(channel).members


def asked(hub: GatewayHub) -> list[tuple[str, str]]:
    """Return agent and message of every turn but warm-ups."""
    return [
        (one["sessionKey"].split(":")[1], one["message"])
        for one in hub.asked("agent")
        if "warm-up" not in one["sessionKey"]
    ]


def settings(discord: FakeDiscord, hub: GatewayHub | None = None) -> dict[str, str]:
    """Return the variables that a user would set."""
    variables = {
        "DISCORD_BOT_TOKEN": discord.token,
        "DISCORD__RESOLVE_TO": f"127.0.0.1:{discord.port}",
        "DISCORD__CA_FILE": str(discord.ca_file),
        "OPENCLAW_AGENT_ID": "jarvis",
    }
    if hub is not None:
        variables |= {"OPENCLAW_BASE_URL": hub.url, "OPENCLAW_AUTH_TOKEN": "hush-hush"}
    return variables


@asynccontextmanager
async def service(folder: Path, variables: dict[str, str]) -> AsyncIterator[Service]:
    """Run the program until the block is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(REPOSITORY / "run.py"),
        env={
            **environment(folder),
            **FIXTURE,
            "SERVER_PORT": "0",
            "DATA_DIR": str(folder / "data"),
            "TMPDIR": str(folder),  # where it says that it uses the token
            **variables,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    running = Service(process)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_read(process, running.log))
        try:
            found = await running.until_logged(r"control API is on (http://\S+),")
            running.url = found[1]
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _read(process: asyncio.subprocess.Process, log: list[str]) -> None:
    if process.stderr is not None:
        async for line in process.stderr:
            log.append(line.decode(errors="replace"))  # noqa: PERF401 - read while it grows


async def join(running: Service, first: FakeUser, *others: FakeUser, channel: int = LOUNGE) -> str:
    """Have people and the bot in a voice channel; return what the bot said to that."""
    await running.until_logged("On Discord as")
    for person in (first, *others):
        await person.join(channel)
    answer = await first.run("join")
    text = await answer.finished()
    await until(lambda: all(person.e2ee for person in (first, *others)))
    return text
