"""How settings are named: as paths from the top of the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SettingPath = tuple[str, ...]
"""The names from the top to a setting: ``("pipeline", "stt", "model_size")``."""


def dotted(path: SettingPath) -> str:
    """Return the path as it is written on the command line and in messages."""
    return ".".join(path)


def as_it_is(value: Any) -> Any:
    """Return the value."""
    return value


@dataclass(frozen=True, slots=True)
class Moved:
    """What a documented name of a setting means today."""

    path: SettingPath | None
    """The setting; ``None`` when there is nothing to set."""

    convert: Callable[[Any], Any] = as_it_is
    """Turns the documented value into today's; raises ValueError, with a message, if it cannot."""

    why: str = ""
    """Where there is nothing to set: what the user should know."""
