"""Which of the settings have to be written, given what is written already."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from dotenv.parser import parse_stream
from pydantic import SecretStr

from server.config import Config, ConfigRequest
from server.setting_paths import SettingPath
from server.setup.dotenv_file import find_variable


@dataclass(frozen=True, slots=True, repr=False)
class Sources:
    """Where the settings come from. Has no ``repr``, for it holds secrets."""

    config: Config
    """All of them together."""

    dotenv: Mapping[str, str]
    """The variables of ``.env``."""

    environment: Mapping[str, str]
    options: frozenset[SettingPath]
    """What was given as ``--set``."""

    @classmethod
    def of(cls, config: Config, request: ConfigRequest, dotenv: str) -> Sources:
        """Return the sources of a request, with the text of its ``.env``."""
        variables = {
            binding.key: binding.value or ""
            for binding in parse_stream(io.StringIO(dotenv))
            if binding.key
        }
        paths = (override.partition("=")[0].strip() for override in request.overrides)
        options = frozenset(tuple(path.split(".")) for path in paths)
        return cls(config, variables, request.environment, options)


def values_to_write(
    values: Mapping[SettingPath, str], sources: Sources, *, attended: bool
) -> dict[SettingPath, str]:
    """Return which settings ``.env`` has to hold, so that these values are used from now on.

    These are the ones that differ from what is set, and those that would not be set without the
    options of this call. Where nobody is there, the same goes for the environment of this call;
    a person's own environment stays.

    Args:
        values: The settings to use.
        sources: What is set.
        attended: Whether a person answered.

    """
    return {
        path: value
        for path, value in values.items()
        if _value_in(sources.config, path) != value or _passes(path, value, sources, attended)
    }


def _value_in(config: Config, path: SettingPath) -> str:
    value: object = reduce(getattr, path, config)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


def _passes(path: SettingPath, value: str, sources: Sources, attended: bool) -> bool:  # noqa: FBT001 - passed on
    """Return whether a value is set now, and would not be in another call."""
    name = find_variable(path, sources.dotenv)
    if name is not None and sources.dotenv[name] == value:
        return False
    named = find_variable(path, sources.environment) is not None
    return path in sources.options or (named and not attended)
