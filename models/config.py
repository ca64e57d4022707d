"""Where model files may lie."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class ModelsConfig(BaseModel):
    """Model files."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    path: tuple[Path, ...] = ()
    """Folders searched first: each may hold <model name>/<files> or the files themselves."""

    download: bool = True
    """Fetch what is missing when it is first needed."""
