"""Runs the program at a terminal of its own, and types."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests.server.commands.program import REPOSITORY

GUARD = 60.0
"""Seconds after which a test that hangs is given up."""

INTERRUPT = "\x03"
"""Ctrl-C, as a terminal sends it."""

# A terminal becomes a program's own only from within its process.
_LOGIN = (
    "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


class Terminal:
    """The screen and the keyboard of a running program."""

    def __init__(self, process: asyncio.subprocess.Process, screen: int) -> None:
        self.shown = ""
        """Everything that was on the screen."""

        self._process = process
        self._screen = screen
        self._read_to = 0
        self._news = asyncio.Event()
        self._ended = asyncio.Event()

    def receive(self) -> None:
        """Take in what the program shows."""
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # the program has ended, and nobody holds the other end any more
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._screen)
            self._ended.set()
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        self._news.set()

    async def until(self, text: str) -> None:
        """Wait until something is shown, after what was waited for before."""
        try:
            async with asyncio.timeout(GUARD):
                while (at := self.shown.find(text, self._read_to)) < 0:
                    assert not self._ended.is_set(), f"{text!r} never came:\n{self.shown}"
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} did not come in time:\n{self.shown}") from None
        self._read_to = at + len(text)

    async def answer(self, question: str, text: str) -> None:
        """Wait for a question and type the answer."""
        await self.until(question)
        self.type(text + "\n")

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    async def interrupt(self) -> None:
        """Press Ctrl-C at a question once the program waits for its answer.

        Between showing a question and waiting Python takes no notice; fingers are not that quick.
        """
        program = psutil.Process(self._process.pid)
        async with asyncio.timeout(GUARD):
            while program.status() != psutil.STATUS_SLEEPING:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
        self.type(INTERRUPT)

    async def ended(self) -> int:
        """Wait for the end of the program; return its exit status."""
        async with asyncio.timeout(GUARD):
            await self._ended.wait()
            return await self._process.wait()


@asynccontextmanager
async def at_terminal(
    *arguments: str, folder: Path, environment: dict[str, str]
) -> AsyncIterator[Terminal]:
    """Run the program at a terminal; it is killed when the block is left."""
    screen, keyboard = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _LOGIN,
        str(REPOSITORY / "run.py"),
        *arguments,
        cwd=folder,
        env=environment,
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
    )
    os.close(keyboard)
    terminal = Terminal(process, screen)
    loop = asyncio.get_running_loop()
    loop.add_reader(screen, terminal.receive)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        loop.remove_reader(screen)
        os.close(screen)
