"""How a download shows itself: a bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from typing import Protocol, TextIO

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress


class Progress(Protocol):
    """Is told how a fetch goes, one file after the other."""

    def begin(self, title: str, size: int) -> None:
        """A file of ``size`` bytes begins to come."""

    def advance(self, count: int) -> None:
        """``count`` more bytes came; negative when a transfer started over."""

    def end(self) -> None:
        """The file came, or failed."""


class NoProgress:
    """Shows nothing."""

    def begin(self, title: str, size: int) -> None:
        """Ignore it."""

    def advance(self, count: int) -> None:
        """Ignore it."""

    def end(self) -> None:
        """Ignore it."""


class BarProgress:
    """A bar per file, on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._progress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream),
        )

    def begin(self, title: str, size: int) -> None:
        """Draw a new bar."""
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(title, total=size)
        self._progress.start()

    def advance(self, count: int) -> None:
        """Let the bar grow."""
        self._progress.advance(self._progress.task_ids[0], count)

    def end(self) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()


class LineProgress:
    """One line as a file begins and one at each quarter, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._title = ""
        self._size = 0
        self._done = 0

    def begin(self, title: str, size: int) -> None:
        """Say what comes and how much it is."""
        self._title, self._size, self._done = title, size, 0
        self._say(decimal(size))

    def advance(self, count: int) -> None:
        """Say each quarter once."""
        before = self._quarters()
        self._done += count
        if self._quarters() > before:
            self._say(f"{25 * self._quarters()} %")

    def end(self) -> None:
        """Say nothing: the last quarter was said, or an error follows."""

    def _quarters(self) -> int:
        return 4 * self._done // max(1, self._size)

    def _say(self, what: str) -> None:
        print(f"{self._title}: {what}", file=self._stream, flush=True)


def progress_on(stream: TextIO) -> Progress:
    """Choose what suits ``stream``, as a rule standard error."""
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)
