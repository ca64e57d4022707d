"""Changing ``.env``: a few variables, and nothing else that stands in it."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from server.setting_paths import SettingPath
from server.settings_schema import variable_name

_HEADING = "# Secrets and addresses of openclaw-voice; .env.example names what can stand here.\n"
_PLAIN = re.compile(r"[\w./:@%+=,~-]+", re.ASCII)
"""Text that every reader of such files, and a shell, takes as it stands."""

_VARIABLE = re.compile(
    r"""
    (?P<name> \s* (?:export[^\S\r\n]+)? (?:'[^']+'|[^=\#\s]+) )
    [^\S\r\n]*
    (?: = (?: [^\S\r\n]* (?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*") | [^\r\n]*? ) )?
    (?P<rest> (?:[^\S\r\n]+\#[^\r\n]*)? [^\S\r\n]* (?:\r\n|\n|\r|$) )
    """,
    re.VERBOSE | re.DOTALL,
)
"""A variable as python-dotenv reads it, from the blank lines before it to the end of its line."""


class DotenvError(Exception):
    """The file cannot be changed as wished; the message says why, and holds no value."""


def names_of(path: SettingPath) -> tuple[str, ...]:
    """Return the variables that set ``path``, in upper case; the usual one first."""
    return tuple(dict.fromkeys((variable_name(path), "__".join(path).upper())))


def find_variable(path: SettingPath, variables: Mapping[str, str]) -> str | None:
    """Return the name under which ``variables`` set ``path``; ``None`` when they do not.

    As everywhere, case does not count, and an empty variable counts as not set.
    """
    names = names_of(path)
    return next((name for name, text in variables.items() if text and name.upper() in names), None)


def merged_dotenv(text: str, changes: Mapping[SettingPath, str]) -> str:
    """Return the file's text with some settings changed.

    A variable that is there already, also an empty one, keeps its place and its comment; others
    are added at the end. Every other line stays as it is.

    Args:
        text: What the file holds; "" for a new one.
        changes: The new values.

    Raises:
        DotenvError: A value cannot be written so that it is read as it is.

    """
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    lines = [_changed(binding, changes) for binding in bindings]
    there = {binding.key.upper() for binding in bindings if binding.key}
    added = [path for path in changes if there.isdisjoint(names_of(path))]
    newline = "\r\n" if "\r\n" in text else "\n"
    if not bindings:
        lines.append(_HEADING)
    elif added and not text.endswith(("\n", "\r")):
        lines.append(newline)
    lines += [f"{variable_name(path)}={_quoted(path, changes[path])}{newline}" for path in added]
    return "".join(lines)


def _changed(binding: Binding, changes: Mapping[SettingPath, str]) -> str:
    """Return a part of the file as it stands, or with its variable's new value."""
    original: str = binding.original.string
    key = (binding.key or "").upper()
    path = next((path for path in changes if key in names_of(path)), None)
    found = _VARIABLE.fullmatch(original)
    if path is None or found is None:
        return original
    return f"{found['name']}={_quoted(path, changes[path])}{found['rest']}"


def _quoted(path: SettingPath, value: str) -> str:
    r"""Return the value as it is written in the file.

    In single quotes python-dotenv reads \\ and \' as the one character, and nothing else differs.
    """
    if not value.isprintable():
        raise DotenvError(f"{variable_name(path)} holds characters that cannot stand in .env")
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def read_text(file: Path) -> str:
    """Return what stands in the file, with its own line ends; "" when there is none.

    Raises:
        DotenvError: It cannot be read.

    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise DotenvError(f"{file} cannot be read") from None


def write_privately(file: Path, text: str) -> None:
    """Replace the file in one step by one that only its owner can read.

    A link stays, and what it leads to is replaced.

    Raises:
        DotenvError: It cannot be written; then it is as it was.

    """
    target = file.resolve()
    try:
        # Made with mode 0600.
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".env.", text=False)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DotenvError(f"{file} cannot be written: {error.strerror}") from None


def variable_in(text: str, path: SettingPath) -> str:
    """Return under which name ``path`` stands in the file with this text, or would be added."""
    bindings = parse_stream(io.StringIO(text, newline=""))
    there = {binding.key.upper(): binding.key for binding in bindings if binding.key}
    return next((there[name] for name in names_of(path) if name in there), variable_name(path))
