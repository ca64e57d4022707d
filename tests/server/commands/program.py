"""Runs the program as a user does: ``run.py`` in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from pipeline.audio import HEARING_RATE, Samples, decode_file

REPOSITORY = Path(__file__).parents[3]
CLIPS = REPOSITORY / "models" / "fixture" / "clips"
FIXTURE = ("--set", "pipeline.stt.model_size=fixture", "--set", "pipeline.stt.allow_test_fixture=1")
"""Options that let any file be heard with the test model."""

LIMIT = 60.0
"""Seconds after which a run that hangs is killed and the test fails."""


def samples_of(name: str, rate: int = HEARING_RATE) -> Samples:
    """Return one of the fixture's clips."""
    return np.concatenate(list(decode_file(CLIPS / f"{name}.flac", rate=rate)))


@dataclass(frozen=True)
class Ended:
    """What a run left behind."""

    code: int
    out: str
    err: str
    left: list[str]
    """Processes that it started and that outlived it."""

    seconds_after_signal: float = 0.0

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Stdout as JSON lines; anything else in it fails the test."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def turns(self) -> list[dict[str, Any]]:
        return [found for found in self.objects if found["type"] == "turn"]


def environment(cache: Path) -> dict[str, str]:
    """Return an environment with an empty model cache and no network for the hub."""
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "SystemRoot") if name in os.environ}
    return {**keep, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HOME": str(cache)}


async def run_program(
    *arguments: str,
    cache: Path,
    interrupt: Callable[[asyncio.subprocess.Process], Awaitable[None]] | None = None,
    sign: signal.Signals = signal.SIGINT,
    limit: float = LIMIT,
) -> Ended:
    """Run the program to its end.

    Args:
        arguments: Its command line.
        cache: Folder for model caches, best empty.
        interrupt: Waits for the moment at which ``sign`` is sent.
        sign: The signal.
        limit: Seconds until the run counts as hanging.

    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(REPOSITORY / "run.py"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(cache),
        cwd=cache,
    )
    loop = asyncio.get_running_loop()
    children: list[psutil.Process] = []
    signalled = loop.time()
    try:
        async with asyncio.timeout(limit):
            if interrupt is not None:
                await interrupt(process)
                children = psutil.Process(process.pid).children(recursive=True)
                process.send_signal(sign)
                signalled = loop.time()
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    left = [f"{child.name()} {child.status()}" for child in children if child.is_running()]
    return Ended(process.returncode or 0, out.decode(), err.decode(), left, loop.time() - signalled)


def run(*arguments: str, cache: Path, **options: Any) -> Ended:
    """Run the program to its end, outside any event loop."""
    return asyncio.run(run_program(*arguments, cache=cache, **options))
