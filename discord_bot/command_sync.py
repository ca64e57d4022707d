"""Whether the commands that Discord knows are still ours: it limits how often they may be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Not where a command may be used: what discord.py reads of that is not what Discord has.
_FIELDS = ("name", "description", "type")
_OPTION_FIELDS = (
    "name",
    "description",
    "type",
    "required",
    "autocomplete",
    "channel_types",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
)


def same_commands(ours: Iterable[Mapping[str, Any]], theirs: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether both describe the same commands, whatever Discord adds of its own."""
    return _normal(ours) == _normal(theirs)


def _normal(commands: Iterable[Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {(one.get("type", 1), one["name"]): _command(one) for one in commands}


def _command(command: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: _value(command.get(name)) for name in _FIELDS}
    return {**kept, "options": [_option(one) for one in command.get("options") or ()]}


def _option(option: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: _value(option.get(name)) for name in _OPTION_FIELDS}
    choices = [(one["name"], one["value"]) for one in option.get("choices") or ()]
    return {**kept, "choices": choices}


def _value(value: Any) -> Any:
    """Return a value without the difference between what is absent, empty and off."""
    if isinstance(value, list):
        return sorted(value) or None
    return value or None
