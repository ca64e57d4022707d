"""Runs the speech server as a child process that never outlives its parent."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from models.config import ModelsConfig
from pipeline.config import SttConfig
from server.speech.config import ProcessConfig, SpeechConfig

SHORTEST_PAUSE = 0.1
"""Seconds until a server that died is started again; doubled each time."""

LONGEST_PAUSE = 10.0
"""Seconds between starts at most."""

SETTLED = 30.0
"""Seconds a server must have lived for its death to count as the first."""

GRACE = 1.5
"""Seconds the server has to end when asked to."""

LOOPBACK = "127.0.0.1"

_ROOT = Path(__file__).parents[2]
"""Folder that holds the packages: ``-m`` finds them from there."""

logger = logging.getLogger(__name__)


class SpeechServerError(Exception):
    """The speech server could not be started. The message says why and what to do."""


class SpeechServer:
    """The speech server while an ``async with`` block runs.

    It is started on entering, started again when it dies (on the same port,
    with growing pauses), and gone when the block is left. It watches a pipe
    from this process, so it ends even when this process is killed. It is in a
    process group of its own: Ctrl-C in a terminal reaches only this process,
    which then ends in its own order.

    Args:
        config: Its settings.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        stt: Recognition, for transcriptions.
        models: Where voices and recognition models are.

    """

    def __init__(
        self,
        config: SpeechConfig,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        stt: SttConfig | None = None,
        models: ModelsConfig | None = None,
    ) -> None:
        self._config = config
        self._stt = stt or SttConfig()
        self._models = models or ModelsConfig()
        self._host = host
        self._port = port
        self._tasks = asyncio.TaskGroup()
        self._process: Process | None = None
        self._answers = False
        self._engine = ""
        self._supervision: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """``http://host:port``, the same after a restart; valid inside the block."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id, a new one after a restart; ``None`` while there is no process."""
        return self._process.pid if self._process is not None else None

    @property
    def engine(self) -> str:
        """Name of the engine that speaks; "" before the server was up."""
        return self._engine

    @property
    def answers(self) -> bool:
        """Whether it is up; not while it is being started again."""
        return self._answers

    async def __aenter__(self) -> Self:
        """Start the server and wait until it answers.

        Raises:
            SpeechServerError: It did not start.

        Cancelling stops it.

        """
        process = await self._start()
        await self._tasks.__aenter__()
        self._supervision = self._tasks.create_task(self._supervise(process))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server; takes little more than :data:`GRACE` seconds at most."""
        if self._supervision is not None:
            self._supervision.cancel()
        try:
            # The block's own error is not this group's: it goes on as it is.
            await self._tasks.__aexit__(None, None, None)
        finally:
            await self._stop()

    async def _supervise(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        pause = SHORTEST_PAUSE
        while True:
            began = loop.time()
            code = await process.wait()
            await self._stop()
            pause = SHORTEST_PAUSE if loop.time() - began > SETTLED else pause
            logger.warning("The speech server ended with code %s; it is started again", code)
            process, pause = await self._start_again(pause)

    async def _start_again(self, pause: float) -> tuple[Process, float]:
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                return await self._start(), pause
            except SpeechServerError as error:
                logger.warning("The speech server did not start: %s", error)

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.speech",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            **_own_group(),
        )
        self._process = process
        try:
            self._port = await self._introduce(process)
        except BaseException:  # cancellation too must leave no process behind
            await self._stop()
            raise
        self._answers = True
        return process

    async def _introduce(self, process: Process) -> int:
        """Hand the settings over and return the port."""
        try:
            async with asyncio.timeout(self._config.start_timeout):
                line = await _ask(process, self._settings().model_dump_json())
        except TimeoutError as error:
            raise SpeechServerError(
                f"the speech server was not ready after {self._config.start_timeout:g} s; "
                "a slow machine may need a larger speech.start_timeout"
            ) from error
        if not line:
            raise SpeechServerError(
                f"the speech server ended at once (code {await process.wait()}); "
                "what it wrote to the log says why"
            )
        report = json.loads(line)
        if "error" in report:
            raise SpeechServerError(report["error"])
        self._engine = report["engine"]
        return int(report["port"])

    def _settings(self) -> ProcessConfig:
        key = self._config.remote.api_key
        return ProcessConfig(
            speech=self._config.model_copy(update={"host": self._host, "port": self._port}),
            stt=self._stt,
            models=self._models,
            remote_key="" if key is None else key.get_secret_value(),
        )

    async def _stop(self) -> None:
        """End the process, politely first; harmless when there is none."""
        self._answers = False
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(GRACE):
                await process.wait()
        except TimeoutError:
            logger.warning("The speech server did not end when asked; it is killed")
            process.kill()
            await process.wait()


async def _ask(process: Process, settings: str) -> bytes:
    """Write the settings and return the first line of the answer; empty when it ended."""
    if process.stdin is None or process.stdout is None:
        return b""
    process.stdin.write(settings.encode() + b"\n")
    with suppress(ConnectionError):  # it has ended already, and the empty answer tells
        await process.stdin.drain()
    return await process.stdout.readline()


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    # Not a session of its own: Linux gives each the same share of the processor, and whoever waits
    # for a first sound there waits longer on a busy machine.
    return {"process_group": 0}
