"""``config``: the settings as they are in use."""

from __future__ import annotations

import json

import typer
import yaml

from server.config import Config
from server.config_documents import documented_yaml
from server.config_view import masked


def show_config(config: Config, *, as_json: bool) -> int:
    """Print the merged settings, secrets masked.

    Args:
        config: The settings.
        as_json: One line of JSON instead of YAML.

    Returns:
        The exit status, 0.

    """
    settings = masked(config)
    if as_json:
        typer.echo(json.dumps(settings, ensure_ascii=False))
    else:
        typer.echo(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), nl=False)
    return 0


def show_defaults() -> int:
    """Print ``config.yaml`` as it is shipped; returns the exit status, 0."""
    typer.echo(documented_yaml(), nl=False)
    return 0
