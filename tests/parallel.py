"""How the tests are shared out where several processes run them, by pytest-xdist.

Files stay together, since their tests share what is made once; so do folders whose tests run in
real time, of which too many at once would get in each other's way. What takes longest begins, lest
one process is left with it in the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_TESTS = Path(__file__).parent

_REAL_TIME = {
    "openclaw_client/ring": "a whole gateway",
    "server/discord": "whole programs",
    "discord_bot": "voice connections",
    "server/commands": "whole programs on files",
}
"""Folders of tests that run in real time or long, and what they run together with. Most wait more
than they work, so these groups do not get in each other's way."""


def _real_time_group(path: Path) -> str | None:
    """Return what a file of tests runs together with; ``None`` where it stands alone."""
    return _REAL_TIME.get(path.parent.relative_to(_TESTS).as_posix())


def rank(path: Path, *, slow: bool) -> int:
    """Return the place of a file of tests among all; the lowest begins.

    Args:
        path: The file.
        slow: Whether there are slow tests in it.

    """
    groups = list(dict.fromkeys(_REAL_TIME.values()))
    together = _real_time_group(path)
    return len(groups) + (not slow) if together is None else groups.index(together)


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """Gives each process one group of files after another, in the order in which they come."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _real_time_group(self.config.rootpath / file) or file
