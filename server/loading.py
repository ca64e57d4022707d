"""Ctrl-C while the program is still being loaded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDED_BY_CTRL_C = 130
"""Exit status, as shells have it."""


@contextmanager
def loading() -> Iterator[None]:
    """Have Ctrl-C end the program at once; to be put around imports.

    There is nothing to clean up yet. Left to itself, the exception may be raised within a library
    that is being imported and takes it for something of its own: Ctrl-C would do nothing.
    """
    before = signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(ENDED_BY_CTRL_C)
