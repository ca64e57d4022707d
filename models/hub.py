"""Models from the Hugging Face hub, through its own client and into its own cache.

Files lie where every other program that uses the hub finds them, and the client's conventions
hold: ``HF_HOME``, ``HF_ENDPOINT``, ``HF_TOKEN``, ``HF_HUB_OFFLINE``, proxies. Two things are added.
A fetched file is compared with the catalogue before anyone may find it: until then a marker beside
the snapshot hides it, also when the process was killed. And what is out of reach is said at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx2
import huggingface_hub
from filelock import FileLock, Timeout
from huggingface_hub import constants, errors
from huggingface_hub.file_download import repo_folder_name

from models.catalog import HubSource, Model, ModelFile
from models.errors import (
    ChecksumError,
    DownloadError,
    GatedError,
    MissingUpstreamError,
    ModelError,
    UnreachableError,
)
from models.progress import Progress
from models.reachability import PATIENCE, reachable
from models.verify import check, complete

logger = logging.getLogger(__name__)

NAME = "openclaw-voice"
"""Ours, in folders that are shared with other programs."""


def find_in_cache(model: Model) -> Path | None:
    """Look for a model in the hub's cache, without any network.

    Returns:
        The folder of its files, or ``None`` when some are missing or were never verified.

    """
    if model.hub is None or _unverified_marker(model, model.hub).exists():
        return None
    first = _cached(model.hub, model.files[0])
    folder = _folder(first, model.files[0]) if first is not None else None
    return folder if folder is not None and complete(folder, model.files) else None


def fetch_from_hub(model: Model, hub: HubSource, progress: Progress) -> Path:
    """Fetch a model's files into the hub's cache and verify them.

    Safe in several processes at once: one works, the others wait for its result. A connection that
    breaks in the middle is resumed by the hub's client, five times.

    Returns:
        The folder of the files.

    Raises:
        ModelError: What was missing, refused or wrong. Files that are wrong are deleted.

    """
    with _translated(hub), _alone(model):
        if folder := find_in_cache(model):
            return folder
        if not all(_cached(hub, file) for file in model.files):
            _ask_for_first_file(hub, model.files[0])
        marker = _unverified_marker(model, hub)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        paths = [_fetch_file(model, hub, file, progress) for file in model.files]
        marker.unlink()
        return _folder(paths[0], model.files[0])


def _fetch_file(model: Model, hub: HubSource, file: ModelFile, progress: Progress) -> Path:
    fetched = _cached(hub, file)
    if fetched is None:
        progress.begin(f"{model.name}: {file.name}", file.size)
        try:
            fetched = Path(
                huggingface_hub.hf_hub_download(
                    hub.repository,
                    hub.path(file),
                    revision=hub.revision,
                    tqdm_class=_bar_class(progress),
                )
            )
        finally:
            progress.end()
    try:
        check(fetched, file)
    except ChecksumError:
        blob = fetched.resolve()
        fetched.unlink()
        blob.unlink(missing_ok=True)
        raise
    return fetched


def _cached(hub: HubSource, file: ModelFile) -> Path | None:
    path = huggingface_hub.try_to_load_from_cache(
        hub.repository, hub.path(file), revision=hub.revision
    )
    return Path(path) if isinstance(path, str) else None


def _folder(path: Path, file: ModelFile) -> Path:
    """Return the folder from which the names of the model's files count."""
    return path.parents[len(Path(file.name).parts) - 1]


def _unverified_marker(model: Model, hub: HubSource) -> Path:
    folder = repo_folder_name(repo_id=hub.repository, repo_type=constants.REPO_TYPE_MODEL)
    # One repository may hold several models.
    return Path(constants.HF_HUB_CACHE, folder, f".{NAME}-unverified-{model.name}-{hub.revision}")


@contextmanager
def _alone(model: Model) -> Iterator[None]:
    """Wait until no other process fetches this model."""
    path = Path(constants.HF_HUB_CACHE, ".locks", f"{NAME}-{model.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning("Another process is fetching %s; waiting for it", model.name)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _ask_for_first_file(hub: HubSource, file: ModelFile) -> None:
    """Find out whether the hub answers and would give the files.

    The client's own download asks again and again when it gets no good answer, 23 s and more.
    """
    if constants.is_offline_mode():
        raise UnreachableError("HF_HUB_OFFLINE is set")
    if not reachable(constants.ENDPOINT):
        raise UnreachableError(f"{constants.ENDPOINT} cannot be reached (tried for {PATIENCE:g} s)")
    url = huggingface_hub.hf_hub_url(hub.repository, hub.path(file), revision=hub.revision)
    huggingface_hub.get_hf_file_metadata(url)


@contextmanager
def _translated(hub: HubSource) -> Iterator[None]:
    """Turn the client's errors into ours; the first line of theirs says what matters."""
    try:
        yield
    except ModelError:
        raise
    except errors.GatedRepoError as error:
        raise GatedError(
            f"{hub.repository} is gated: accept its licence at "
            f"{constants.ENDPOINT}/{hub.repository}, then run `hf auth login` or set HF_TOKEN"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise MissingUpstreamError(
            f"{constants.ENDPOINT} has no repository {hub.repository}, or it is private"
        ) from error
    except (errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        raise MissingUpstreamError(
            f"{hub.repository} has no such revision or file: {_first_line(error)}"
        ) from error
    except httpx2.TransportError as error:
        raise UnreachableError(
            f"the connection to {constants.ENDPOINT} failed: {_first_line(error)}"
        ) from error
    except (httpx2.HTTPError, errors.XetDownloadError, OSError) as error:
        raise DownloadError(
            f"fetching from {constants.ENDPOINT} failed: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _bar_class(progress: Progress) -> Any:
    """Make what the hub's client takes for a tqdm bar class and draws its bars with."""

    class Bar:
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            progress.advance(initial)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Leave the end to :func:`_fetch_file`."""

        def close(self) -> None:
            """Leave the end to :func:`_fetch_file`."""

        def update(self, count: int = 1) -> None:
            progress.advance(count)

        def update_transfer(self, _: int = 1) -> None:
            """Ignore bytes on the wire (Xet): :meth:`update` counts those that were written."""

        def set_postfix_str(self, *_: object, **__: object) -> None:
            """Ignore it: our bars know their own speed."""

        set_transfer_postfix_str = set_postfix_str

    return Bar
