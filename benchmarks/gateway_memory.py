"""The memory of many guild clients, for :mod:`benchmarks.gateway`.

As a program, with the name of a side and a number: reads a :class:`~benchmarks.gateway_ways.Job`
from its standard input, has so many clients talk, and prints one line of figures.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from benchmarks.gateway_ways import WAYS, Ask, Job, Stopwatch, Way
from benchmarks.side_by_side import resident_mb
from openclaw_client import OpenClawConfig, PerGuildOpenClawClient

MESSAGE = "What time is it?"


@dataclass(frozen=True, slots=True)
class Memory:
    """The growth of a process in MB from its second client on, and its tasks."""

    connected: float
    """When all are connected."""

    talked: float
    """What a turn of each, all at once, added to that."""

    tasks: float
    """Tasks per client, connected and quiet."""


class Crowd(Protocol):
    """Clients of many guilds."""

    async def connect(self, guild: int) -> None:
        """Connect the client of a guild."""

    async def talk(self, guild: int) -> None:
        """Have it ask something, and hear the whole reply."""

    async def disconnect(self) -> None:
        """Disconnect all clients."""


class GuildClients:
    """Ours, as the bot has them."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._guilds = PerGuildOpenClawClient(
            OpenClawConfig(
                base_url=job.url,
                auth_token=SecretStr(job.token),
                device_file=folder / "device.json",
            )
        )

    async def connect(self, guild: int) -> None:
        await self._guilds.get_or_create(guild).connect()

    async def talk(self, guild: int) -> None:
        await self._guilds.get_or_create(guild).send_message(MESSAGE, speaker=str(guild))

    async def disconnect(self) -> None:
        await self._guilds.disconnect()


class OneWay:
    """Connections of any other way, one per guild."""

    def __init__(self, way: Way, job: Job) -> None:
        self._way = way
        self._job = job
        self._asks: dict[int, Ask] = {}
        self._open = AsyncExitStack()

    async def connect(self, guild: int) -> None:
        job = replace(self._job, session=f"{self._job.session}{guild}")
        self._asks[guild] = await self._open.enter_async_context(self._way(job))

    async def talk(self, guild: int) -> None:
        await self._asks[guild](MESSAGE, Stopwatch())

    async def disconnect(self) -> None:
        await self._open.aclose()


async def grow(crowd: Crowd, clients: int) -> Memory:
    """Connect, talk, and note the growth."""
    no_tasks = len(asyncio.all_tasks())
    await crowd.connect(0)
    await crowd.talk(0)  # brings what all of them share
    sizes = [_size()]
    for guild in range(1, clients):
        await crowd.connect(guild)
    sizes.append(_size())
    tasks = (len(asyncio.all_tasks()) - no_tasks) / clients
    async with asyncio.TaskGroup() as group:
        for guild in range(clients):
            group.create_task(crowd.talk(guild))
    sizes.append(_size())
    await crowd.disconnect()
    connected, talked = (after - before for before, after in pairwise(sizes))
    return Memory(connected, talked, tasks)


def _size() -> float:
    gc.collect()
    return resident_mb()


def main() -> None:
    """Do what the command line and the first line of the standard input say."""
    side, clients = sys.argv[1], int(sys.argv[2])
    job = Job(**json.loads(sys.stdin.readline()))
    with tempfile.TemporaryDirectory() as folder:
        crowd = GuildClients(job, Path(folder)) if side == "ours" else OneWay(WAYS[side], job)
        print(json.dumps(asdict(asyncio.run(grow(crowd, clients)))), flush=True)


if __name__ == "__main__":
    main()
