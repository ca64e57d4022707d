"""Whether files on the disk are the ones the catalogue describes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

from models.catalog import ModelFile
from models.errors import ChecksumError

logger = logging.getLogger(__name__)


def present(folder: Path, files: Iterable[ModelFile]) -> bool:
    """Tell whether ``folder`` has all files, whatever is in them."""
    return all((folder / file.name).is_file() for file in files)


def complete(folder: Path, files: Iterable[ModelFile]) -> bool:
    """Tell whether ``folder`` has all files in their right length.

    The length finds what usually goes wrong, a copy broken off in the middle, without
    reading gigabytes at every start. Content is checked once, when it is fetched.
    """
    return all(_right_length(folder / file.name, file) for file in files)


def _right_length(path: Path, file: ModelFile) -> bool:
    if not path.is_file():
        return False
    size = path.stat().st_size
    if size != file.size:
        logger.debug("%s has %d bytes where %d are expected", path, size, file.size)
    return size == file.size


def check(path: Path, file: ModelFile) -> None:
    """Read a fetched file and compare it with the catalogue.

    Raises:
        ChecksumError: It is another file. The caller deletes it.

    """
    size = path.stat().st_size
    with path.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    if (size, sha256) != (file.size, file.sha256):
        raise ChecksumError(
            f"{file.name} came with {size} bytes and SHA-256 {sha256}, where the catalogue has "
            f"{file.size} bytes and {file.sha256}; it was deleted"
        )
