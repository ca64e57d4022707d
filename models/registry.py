"""Where a model's files are: on this machine, or fetched to it.

Looked up in this order, first match wins:

1. the folders of ``models.path``: ``<folder>/<model>/`` with any build of the model, or the very
   files of the catalogue in the folder itself;
2. ``models/weights/<model>/`` in this project, or the user's cache where that cannot be written;
3. this repository, for the test fixture, and an installed package that carries the files;
4. the Hugging Face cache.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants
from rich.filesize import decimal

from models.catalog import PACKAGE, Catalog, InstalledSource, Model, ModelFile, load_catalog
from models.config import ModelsConfig
from models.download import fetch
from models.errors import ModelError, NotCachedError
from models.hub import NAME, find_in_cache
from models.progress import NoProgress, Progress
from models.verify import complete, present


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that is on this machine."""

    name: str
    folder: Path
    """Holds the files the catalogue names."""

    source: str
    """How it came to be there, for people."""

    def file(self, filename: str) -> Path:
        """Path of one of the files."""
        return self.folder / filename


class Registry:
    """Finds models and fetches those that are missing.

    Calls block: for a moment when finding, for minutes when fetching. Several processes may work on
    the same model at once.

    Args:
        config: Folders to search, and whether to download.
        catalog: What is known; the project's own when not given.
        weights: Where files lie that were dropped in or taken out of a wheel; ``models/weights``
            when not given.

    """

    def __init__(
        self, config: ModelsConfig, *, catalog: Catalog | None = None, weights: Path | None = None
    ) -> None:
        self._config = config
        self._catalog = catalog or load_catalog()
        self._weights = weights or PACKAGE / "weights"
        self._user_weights = Path(constants.HF_ASSETS_CACHE, NAME, "models")

    @property
    def catalog(self) -> Catalog:
        """Every model there is."""
        return self._catalog

    def find(self, name: str) -> ModelFiles | None:
        """Look for a model on this machine, without any network.

        Raises:
            UnknownModelError: The catalogue has no such model.

        """
        model = self._catalog.get(name)
        for folder, source in self._places(model):
            return ModelFiles(model.name, folder, source)
        return None

    def fetch(self, name: str, progress: Progress | None = None) -> ModelFiles:
        """Fetch a model, verify it and keep it.

        Raises:
            ModelError: It could not be had; the message says why and what to do.

        """
        model = self._catalog.get(name)
        weights = self._writable_weights() / model.name
        try:
            folder, source = fetch(model, weights, progress or NoProgress())
        except ModelError as error:
            raise type(error)(self._advice(model, str(error))) from error
        return ModelFiles(model.name, folder, source)

    def ensure(self, name: str, progress: Progress | None = None) -> ModelFiles:
        """Find a model, or else fetch it where the settings allow it.

        Raises:
            ModelError: It is not here and could not be had; the message says why and what to do.

        """
        if found := self.find(name):
            return found
        if not self._config.download:
            model = self._catalog.get(name)
            raise NotCachedError(self._advice(model, "models.download is off"))
        return self.fetch(name, progress)

    def _places(self, model: Model) -> Iterator[tuple[Path, str]]:
        yield from _configured_places(self._config.path, model)
        for folder in (self._weights / model.name, self._user_weights / model.name):
            if complete(folder, model.files):
                yield folder, "weights folder"
        if model.bundled is not None and complete(PACKAGE / model.bundled, model.files):
            yield PACKAGE / model.bundled, "part of this project"
        if model.installed is not None:
            installed = _installed_folder(model.installed, model.files)
            if installed is not None:
                yield installed, f"installed package {model.installed.package}"
        if cached := find_in_cache(model):
            yield cached, "Hugging Face cache"

    def _writable_weights(self) -> Path:
        folder = self._weights
        while not folder.exists():
            folder = folder.parent
        return self._weights if os.access(folder, os.W_OK) else self._user_weights

    def _advice(self, model: Model, reason: str) -> str:
        files = ", ".join(file.name for file in model.files)
        origin = f" of {model.hub.repository} at revision {model.hub.revision}" if model.hub else ""
        return (
            f"The model {model.name} is not on this machine and could not be fetched: {reason}.\n"
            f"It is {files} ({decimal(model.size)}){origin}.\n"
            f"With a network, run: uv run run.py models pull {model.name}\n"
            f"Without one, put the files into {self._writable_weights() / model.name}, or name a "
            "folder that has them in models.path."
        )


def _configured_places(roots: Sequence[Path], model: Model) -> Iterator[tuple[Path, str]]:
    names = [model.name, *model.aliases]
    if model.hub is not None:
        names.append(model.hub.repository.rpartition("/")[2])
    for root in roots:
        for folder in (root / name for name in names):
            if present(folder, model.files):
                yield folder, "models.path"
        if complete(root, model.files):
            yield root, "models.path"


def _installed_folder(source: InstalledSource, files: Sequence[ModelFile]) -> Path | None:
    """Find files in a package without importing it: silero_vad would load torch."""
    spec = importlib.util.find_spec(source.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0], source.folder)
    return folder if present(folder, files) else None
