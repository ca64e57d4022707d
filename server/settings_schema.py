"""What settings exist: the tree of settings classes as paths.

A path is the names from the top to a setting, ``("pipeline", "stt", "model_size")``; the name
``"*"`` stands for any name the user chose, as an agent's id in ``("agents", "*", "voice")``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from server.phone import config_names as phone_names
from server.setting_paths import Moved, SettingPath, dotted

ANY_NAME = "*"


def _below_phone(moved: Moved) -> Moved:
    return moved if moved.path is None else replace(moved, path=("phone", *moved.path))


FLAT_VARIABLES: dict[str, SettingPath] = {
    "DISCORD_BOT_TOKEN": ("discord", "bot_token"),
    "OPENCLAW_BASE_URL": ("openclaw", "base_url"),
    "OPENCLAW_AUTH_TOKEN": ("openclaw", "auth_token"),
    "OPENCLAW_AGENT_ID": ("openclaw", "agent_id"),
    "TTS_URL": ("tts", "url"),
    "SERVER_HOST": ("server", "host"),
    "SERVER_PORT": ("server", "port"),
    **{name: ("phone", *path) for name, path in phone_names.VARIABLES.items()},
}
"""Documented variables without the ``SECTION__KEY`` form, and the settings they set."""

MOVED: dict[SettingPath, Moved] = {
    ("pipeline", "tts", "device"): Moved(("speech", "device")),
    **{("phone", *path): _below_phone(moved) for path, moved in phone_names.DOCUMENTED.items()},
}
"""Documented names of settings that lie elsewhere now; both are accepted."""


def today(path: SettingPath) -> SettingPath:
    """Return the setting that a path means today: most often the path itself."""
    moved = MOVED.get(path)
    return moved.path if moved is not None and moved.path is not None else path


def leads_to_moved(path: SettingPath) -> bool:
    """Return whether a path is a section in which documented names lie."""
    return any(len(name) > len(path) and name[: len(path)] == path for name in MOVED)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, or one section of settings."""

    path: SettingPath
    description: str
    """The docstring of the field, or of its section."""

    section: bool
    """Whether other settings lie below it."""

    secret: bool
    """Whether its value must never be shown or written into a file under version control."""


def _types_in(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _types_in(argument)


def _settings_class(annotation: Any) -> type[BaseModel] | None:
    """Return the settings class that the annotation names, alone or as ``X | None``."""
    options = (
        get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    )
    classes = (option for option in options if isinstance(option, type))
    return next((option for option in classes if issubclass(option, BaseModel)), None)


def _described(path: SettingPath, annotation: Any, description: str | None) -> Iterator[Setting]:
    """Yield what lies at ``path`` and below it."""
    if get_origin(annotation) is dict:
        yield Setting(path, description or "", section=True, secret=False)
        yield from _described((*path, ANY_NAME), get_args(annotation)[1], None)
    elif (settings := _settings_class(annotation)) is not None:
        yield Setting(path, description or settings.__doc__ or "", section=True, secret=False)
        yield from walk(settings, path)
    else:
        secret = SecretStr in _types_in(annotation)
        yield Setting(path, description or "", section=False, secret=secret)


def walk(settings: type[BaseModel], above: SettingPath = ()) -> Iterator[Setting]:
    """Yield every section and setting of the class, each section before what is in it."""
    for name, field in settings.model_fields.items():
        yield from _described((*above, name), field.annotation, field.description)


def variable_name(path: SettingPath) -> str:
    """Return the environment variable of a setting: the documented flat one where there is one."""
    for name, target in FLAT_VARIABLES.items():
        if target == path:
            return name
    return "__".join(path).upper()


class Schema:
    """All settings there are, by path."""

    def __init__(self, settings: type[BaseModel]) -> None:
        self._settings = {setting.path: setting for setting in walk(settings)}

    def settings(self) -> Iterator[Setting]:
        """Yield every section and setting."""
        yield from self._settings.values()

    def sections(self) -> frozenset[str]:
        """Return the names at the top of the tree."""
        return frozenset(path[0] for path in self._settings)

    def find(self, path: SettingPath) -> Setting | None:
        """Return the setting at ``path``, in which the user's own names stand for ``*``."""
        known = self._known(path)
        return self._settings.get(known) if len(known) == len(path) else None

    def known_part(self, path: SettingPath) -> int:
        """Return how many names at the beginning of ``path`` lead to something that exists."""
        return len(self._known(path))

    def suggestion(self, path: SettingPath) -> str | None:
        """Return what an unknown path was probably meant to be.

        The one setting elsewhere of the same name comes first, then a sibling with a similar name.
        """
        known = self._known(path)
        elsewhere = [p for p in self._settings if p[-1] == path[-1].lower()]
        if len(elsewhere) == 1:
            return dotted(elsewhere[0]).replace(ANY_NAME, "<name>")
        siblings = [p[-1] for p in self._settings if p[:-1] == known and p[-1] != ANY_NAME]
        similar = difflib.get_close_matches(path[len(known)].lower(), siblings, n=1, cutoff=0.5)
        return similar[0] if similar else None

    def _known(self, path: SettingPath) -> SettingPath:
        known: SettingPath = ()
        for name in path:
            step = next(
                (p for p in ((*known, name), (*known, ANY_NAME)) if p in self._settings), None
            )
            if step is None:
                break
            known = step
        return known
