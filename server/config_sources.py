"""Where settings come from: ``config.yaml``, ``.env``, the environment, ``--set``.

Each source becomes a list of :class:`Entry`, one a setting, that remembers where it was written,
so that every problem can be told with its place. No message holds a setting's value: a secret
that was put into the wrong place must not reach a log that way.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from dotenv.parser import parse_stream
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from server.setting_paths import Moved, SettingPath, dotted
from server.settings_schema import (
    ANY_NAME,
    FLAT_VARIABLES,
    MOVED,
    Schema,
    leads_to_moved,
    today,
    variable_name,
)

logger = logging.getLogger(__name__)

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ConfigError(Exception):
    """The settings cannot be used; every problem found is listed, and none shows a secret."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting as one source has it."""

    path: SettingPath
    value: Any
    origin: str
    """Where it was written, for people: ``config.yaml line 12``."""


class Entries:
    """The entries of all sources, lowest precedence first, and what is wrong with them."""

    def __init__(self, schema: Schema) -> None:
        self.problems: list[str] = []
        self._schema = schema
        self._entries: list[Entry] = []

    def add(self, entry: Entry, *, in_the_open: bool = False) -> None:
        """Add a setting, or each setting of a section given as a mapping.

        Args:
            entry: The setting.
            in_the_open: Others may read where it was written: no place for a secret.

        """
        moved = MOVED.get(entry.path)
        if moved is not None:
            self._add_moved(entry, moved, in_the_open=in_the_open)
            return
        setting = self._schema.find(entry.path)
        if setting is None and leads_to_moved(entry.path) and isinstance(entry.value, Mapping):
            self._add_each(entry, in_the_open=in_the_open)
        elif setting is None:
            self.problems.append(self._unknown(entry))
        elif setting.secret and in_the_open:
            self.problems.append(secret_in_the_open(entry.path, entry.origin))
        elif not setting.section:
            self._entries.append(entry)
        elif isinstance(entry.value, Mapping):
            # Even an empty section counts where its name is the user's own, as an agent's id is.
            self._entries.append(Entry(entry.path, {}, entry.origin))
            self._add_each(entry, in_the_open=in_the_open)
        else:
            self.problems.append(
                f"{dotted(entry.path)}: must be a section with settings below it ({entry.origin})"
            )

    def _add_each(self, section: Entry, *, in_the_open: bool) -> None:
        for name, value in section.value.items():
            inner = Entry((*section.path, str(name)), value, section.origin)
            self.add(inner, in_the_open=in_the_open)

    def _add_moved(self, entry: Entry, moved: Moved, *, in_the_open: bool) -> None:
        """Add what a documented name means today."""
        if moved.path is None:
            logger.warning("%s has no effect: %s (%s)", dotted(entry.path), moved.why, entry.origin)
            return
        try:
            value = moved.convert(entry.value)
        except ValueError as error:
            self.problems.append(f"{dotted(entry.path)}: {error} ({entry.origin})")
            return
        self.add(Entry(moved.path, value, entry.origin), in_the_open=in_the_open)

    def tree(self) -> dict[str, Any]:
        """Return the settings merged into one tree."""
        tree: dict[str, Any] = {}
        for entry in self._entries:
            section = tree
            for name in entry.path[:-1]:
                section = section.setdefault(name, {})
            if self._is_section(entry.path):
                section.setdefault(entry.path[-1], {})
            else:
                section[entry.path[-1]] = entry.value
        return tree

    def origin(self, path: SettingPath) -> str | None:
        """Return where the setting that holds ``path`` was written; ``None`` for a section."""
        for length in range(len(path), 0, -1):
            if self._is_section(path[:length]):
                return None
            for entry in reversed(self._entries):
                if entry.path == path[:length]:
                    return entry.origin
        return None

    def _is_section(self, path: SettingPath) -> bool:
        setting = self._schema.find(path)
        return setting is not None and setting.section

    def _unknown(self, entry: Entry) -> str:
        wrong = entry.path[: self._schema.known_part(entry.path) + 1]
        meant = self._schema.suggestion(entry.path)
        hint = f", did you mean {meant}?" if meant else ""
        return f"{dotted(wrong)}: unknown setting{hint} ({entry.origin})"


class _Yaml:
    """Reads one YAML file into entries, with its lines."""

    def __init__(self, name: str, schema: Schema, variables: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._name = name
        self._schema = schema
        self._variables = variables
        self._means: dict[SettingPath, Entry] = {}

    def entries(self, text: str) -> Iterator[Entry]:
        try:
            loader = yaml.SafeLoader(text)
            root = loader.get_single_node()
            if root is None:  # an empty file: all defaults
                return
            if not isinstance(root, yaml.MappingNode):
                self.problems.append(
                    f"{self._name} line {root.start_mark.line + 1}: expected settings in the form"
                    " 'name: value'"
                )
                return
            yield from self._section(loader, root, ())
        except yaml.MarkedYAMLError as error:
            line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
            self.problems.append(f"{self._name}{line}: {_yaml_problem(error)}")
        except yaml.YAMLError as error:
            self.problems.append(f"{self._name}: is not valid YAML: {_first_line(error)}")
        except ValueError:
            self.problems.append(
                f"{self._name}: a value looks like a number or a date and is none; put it in quotes"
            )
        except RecursionError:
            self.problems.append(f"{self._name}: is nested too deeply")

    def _section(
        self, loader: yaml.SafeLoader, node: yaml.MappingNode, above: SettingPath
    ) -> Iterator[Entry]:
        seen: set[str] = set()
        for key, value in node.value:
            # The key as it was written: YAML would read `on` or `1` as something else than text.
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            origin = f"{self._name} line {key.start_mark.line + 1}"
            path = (*above, name)
            if name in seen:
                self.problems.append(f"{dotted(path)}: set twice ({origin})")
            seen.add(name)
            setting = self._schema.find(today(path))
            section = leads_to_moved(path) if setting is None else setting.section
            if section and isinstance(value, yaml.MappingNode):
                if setting is not None:
                    yield Entry(path, {}, origin)
                yield from self._section(loader, value, path)
                continue
            yield from self._value(path, loader.construct_object(value, deep=True), origin)

    def _value(self, path: SettingPath, value: Any, origin: str) -> Iterator[Entry]:
        setting = self._schema.find(today(path))
        if value is None and (setting.section if setting else leads_to_moved(path)):
            # A section whose settings are all commented out. Below a name of the user's own
            # (an agent without settings) it still says that the name exists.
            if setting is not None and setting.path[-1] == ANY_NAME:
                yield Entry(path, {}, origin)
            return
        if setting is not None and setting.secret and not _only_reference(value):
            self.problems.append(secret_in_the_open(today(path), origin))
            return
        problems = len(self.problems)
        expanded = self._expanded(path, value, origin)
        if len(self.problems) == problems:
            entry = Entry(path, expanded, origin)
            self._agrees(entry)
            yield entry

    def _agrees(self, entry: Entry) -> None:
        """Note a problem where another name of the same setting has another value."""
        other = self._means.setdefault(today(entry.path), entry)
        if other.path != entry.path and _meant(other) != _meant(entry):
            self.problems.append(
                f"{dotted(other.path)} and {dotted(entry.path)} are one setting and have different"
                f" values; keep one of them ({entry.origin})"
            )

    def _expanded(self, path: SettingPath, value: Any, origin: str) -> Any:
        if isinstance(value, list):
            return [self._expanded(path, item, origin) for item in value]
        if not isinstance(value, str):
            return value

        def variable(reference: re.Match[str]) -> str:
            if not (found := self._variables.get(reference[1])):
                self.problems.append(f"{dotted(path)}: {reference[0]} is not set ({origin})")
            return found or ""

        return _REFERENCE.sub(variable, value)


def _meant(entry: Entry) -> str:
    """Return today's value of a setting as text: one may be a number and one a word for it."""
    moved = MOVED.get(entry.path)
    try:
        value = entry.value if moved is None else moved.convert(entry.value)
    except ValueError:
        value = entry.value
    return str(value)


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    """Return what is wrong, in the parser's words where they hold nothing of the file."""
    problem = error.problem or ""
    if any(word in problem for word in ("alias", "anchor", "tag", "node")):
        return "a value that begins with &, * or ! means something in YAML; put it in quotes"
    return f"{problem} ({error.context})" if error.context else problem


def _only_reference(value: Any) -> bool:
    return value is None or (isinstance(value, str) and _REFERENCE.fullmatch(value) is not None)


def secret_in_the_open(path: SettingPath, origin: str) -> str:
    """Return the problem of a secret that stands where others may read it."""
    return (
        f"{dotted(path)}: is a secret; set {variable_name(path)} in the environment or in .env"
        f" instead ({origin})"
    )


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]


def _read_text(path: Path, problems: list[str]) -> str:
    """Return a settings file's text; "" and a problem when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problems.append(f"{path}: no such file")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: cannot be read: {_first_line(error)}")
    return ""


def read_yaml(path: Path, into: Entries, schema: Schema, variables: Mapping[str, str]) -> None:
    """Add the settings of a YAML file.

    Args:
        path: The file.
        into: Takes the settings and the problems.
        schema: What settings there are.
        variables: What ``${NAME}`` in a value stands for.

    """
    source = _Yaml(path.name, schema, variables)
    for entry in source.entries(_read_text(path, into.problems)):
        into.add(entry)
    into.problems.extend(source.problems)


def read_dotenv(path: Path, problems: list[str]) -> dict[str, str]:
    """Return the variables of a ``.env`` file; lines that are no variables become problems."""
    variables: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(_read_text(path, problems))):
        if binding.error:
            problems.append(f"{path.name} line {binding.original.line}: expected NAME=value")
        elif binding.key is not None:
            variables[binding.key] = binding.value or ""
    return variables


class TextSource:
    """Turns settings that arrive as text into values: variables, and ``--set``."""

    def __init__(self, settings: type[BaseSettings], schema: Schema) -> None:
        self._schema = schema
        self._source = EnvSettingsSource(
            settings, case_sensitive=False, env_prefix="", env_nested_delimiter="__"
        )

    def variables(self, variables: Mapping[str, str], into: Entries, place: str) -> None:
        """Add the settings among the variables of ``place``; others are ignored.

        An empty variable counts as not set.
        """
        sources: dict[SettingPath, str] = {}
        for name, text in variables.items():
            path = self._path(name)
            if path is None or not text:
                continue
            other = sources.setdefault(today(path), name)
            if variables[other] != text:
                into.problems.append(
                    f"{dotted(path)}: {other} and {name} give it different values;"
                    f" keep one of them ({place})"
                )
                continue
            if decoded := self._decoded(Entry(path, text, f"{name} in {place}"), into):
                into.add(decoded)

    def overrides(self, overrides: Iterable[str], into: Entries) -> None:
        """Add what was given as ``--set path=value``; an empty value means none."""
        for override in overrides:
            name, equals, text = override.partition("=")
            path = tuple(name.strip().split("."))
            entry = Entry(path, text or None, f"--set {name}")
            if not equals or not name.strip():
                into.problems.append("--set: expected path=value, such as tts.speed=1.2")
            elif decoded := self._decoded(entry, into):
                into.add(decoded, in_the_open=True)

    def _path(self, variable: str) -> SettingPath | None:
        """Return what a variable sets; ``None`` when it is no variable of ours."""
        name = variable.upper()
        if name in FLAT_VARIABLES:
            return FLAT_VARIABLES[name]
        path = tuple(variable.lower().split("__"))
        top = self._schema.find(path[:1])
        # Sections are set one setting at a time: a bare SERVER or MODELS is somebody else's.
        ours = top is not None and top.section == (len(path) > 1)
        return path if ours else None

    def _decoded(self, entry: Entry, into: Entries) -> Entry | None:
        """Return the entry with the value that its text stands for; ``None`` and a problem else."""
        if entry.value is None or self._schema.find(today(entry.path)) is None:
            return entry
        name = "__".join(today(entry.path))
        self._source.env_vars = {name: entry.value}
        try:
            value: Any = self._source()
        except (SettingsError, RecursionError):
            into.problems.append(
                f'{dotted(entry.path)}: expected JSON, such as ["one", "two"] ({entry.origin})'
            )
            return None
        for key in name.split("__"):
            value = value[key]
        return replace(entry, value=value)
