"""``models list`` and ``models pull``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from models.catalog import Model
from models.config import ModelsConfig
from models.errors import ModelError, UnknownModelError
from models.progress import progress_on
from models.registry import ModelFiles, Registry

DEFAULTS = ("silero-vad", "smart-turn", "base.en")
"""What the default settings need."""


def list_models(
    config: ModelsConfig, *, as_json: bool = False, registry: Registry | None = None
) -> int:
    """Print every model of the catalogue and whether it is on this machine.

    Args:
        config: Where to look.
        as_json: One object a line instead of a table.
        registry: Looks; made from ``config`` when not given.

    Returns:
        The exit status, 0.

    """
    registry = registry or Registry(config)
    found = [(model, registry.find(model.name)) for model in registry.catalog]
    if as_json:
        for model, files in found:
            typer.echo(json.dumps(_record(model, files)))
        return 0
    table = Table("Model", "Kind", "Size", "Licence", box=None, pad_edge=False)
    table.add_column("On this machine", overflow="fold")
    for model, files in found:
        state = f"{files.source}: {files.folder}" if files else "no"
        name = ", ".join((model.name, *model.aliases))
        table.add_row(name, model.kind, decimal(model.size), model.licence, state)
    Console().print(table)
    return 0


def pull_models(
    config: ModelsConfig, names: Sequence[str] = (), *, registry: Registry | None = None
) -> int:
    """Fetch models that are not on this machine, whatever ``models.download`` says.

    Progress goes to standard error, one line a model to standard output.

    Args:
        config: Where to look first.
        names: Which models; what the default settings need when empty.
        registry: Looks and fetches; made from ``config`` when not given.

    Returns:
        The exit status: 0 when all are here, 1 when one could not be had, 2 when one is unknown.

    """
    registry = registry or Registry(config)
    progress = progress_on(sys.stderr)
    status = 0
    for name in names or DEFAULTS:
        try:
            files = registry.find(name) or registry.fetch(name, progress)
        except ModelError as error:
            typer.echo(error, err=True)
            status = max(status, 2 if isinstance(error, UnknownModelError) else 1)
        else:
            typer.echo(f"{files.name}: {files.folder} ({files.source})")
    return status


def _record(model: Model, files: ModelFiles | None) -> dict[str, object]:
    return {
        "type": "model",
        "name": model.name,
        "aliases": list(model.aliases),
        "kind": model.kind,
        "size": model.size,
        "licence": model.licence,
        "repository": model.hub.repository if model.hub else None,
        "revision": model.hub.revision if model.hub else None,
        "here": files is not None,
        "folder": str(files.folder) if files else None,
        "source": files.source if files else None,
    }
