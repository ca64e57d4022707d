"""``config.yaml`` and ``.env.example``, written from the settings classes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from server.config import Config
from server.config_view import masked
from server.setting_paths import SettingPath, dotted
from server.settings_schema import ANY_NAME, FLAT_VARIABLES, Schema, Setting, variable_name

_WIDTH = 98


def documented_yaml() -> str:
    """Return ``config.yaml``: every setting with its default and what it means."""
    lines = [
        "# Every setting with its default. Delete what you do not change: defaults come by",
        "# themselves. Environment variables win over this file: PIPELINE__STT__MODEL_SIZE=medium.",
        "# Secrets do not belong here; see .env.example. ${NAME} in a value stands for a variable.",
        "# Written by: uv run run.py config --defaults",
    ]
    below: dict[SettingPath, list[Setting]] = {}
    for setting in Schema(Config).settings():
        below.setdefault(setting.path[:-1], []).append(setting)
    lines += _documented(below, (), masked(Config()))
    return "\n".join(lines) + "\n"


def _documented(
    below: dict[SettingPath, list[Setting]], above: SettingPath, values: dict[str, Any]
) -> Iterator[str]:
    """Yield the lines of one section."""
    indent = "  " * len(above)
    for setting in below.get(above, ()):
        if setting.secret:
            continue
        if setting.path[-1] == ANY_NAME:
            yield from _documented_names(below, setting, values)
            continue
        if not above:
            yield ""
        name = setting.path[-1]
        value = values[name]
        yield from _comment(setting.description, indent)
        inside = list(_documented(below, setting.path, value)) if setting.section else []
        if inside:
            yield f"{indent}{name}:"
            yield from inside
        else:
            yield f"{indent}{name}: {_scalar({} if setting.section else value)}"


def _documented_names(
    below: dict[SettingPath, list[Setting]], any_name: Setting, values: dict[str, Any]
) -> Iterator[str]:
    """Yield the default names of a section where names are the user's own.

    Where a name has settings below it, the first is written in full, as the pattern of the rest.
    """
    indent = "  " * (len(any_name.path) - 1)
    for number, (name, value) in enumerate(values.items()):
        if any_name.section and number == 0:
            yield f"{indent}{name}:"
            yield from _documented(below, any_name.path, value)
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def documented_dotenv() -> str:
    """Return ``.env.example``: the secrets, and the variables with a short name."""
    lines = [
        "# Copy this file to .env and fill in what you use; an empty value counts as not set.",
        "# Every other setting has a variable too: SECTION__KEY, as in config.yaml.",
    ]
    settings = {setting.path: setting for setting in Schema(Config).settings()}
    named = [setting.path for setting in settings.values() if setting.secret]
    named += [path for path in FLAT_VARIABLES.values() if path not in named]
    for path in named:
        comment = f"{dotted(path)}: {settings[path].description}"
        lines += ["", *_comment(comment, ""), f"{variable_name(path)}="]
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str) -> Iterator[str]:
    """Yield the text as comment lines, filled anew."""
    line = f"{indent}#"
    for word in text.replace("``", '"').split():
        if len(line) + 1 + len(word) > _WIDTH:
            yield line
            line = f"{indent}#"
        line += f" {word}"
    yield line


def _scalar(value: Any) -> str:
    """Return a value as YAML writes it on one line."""
    return (
        yaml.safe_dump(value, default_flow_style=True, width=float("inf")).split("\n...")[0].strip()
    )
