from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.scenes.make import make_scenes
from benchmarks.scenes.recordings import Recordings
from server.scenes.format import Scene, load_scenes

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def audio() -> Path:
    """The human recordings."""
    folder = REPOSITORY.parent / "shared" / "audio"
    if not (folder / "manifest.json").is_file():
        pytest.skip("the shared recordings are not beside the repository (../shared/audio)")
    return folder


@pytest.fixture(scope="session")
def scenes(audio: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, ...]:
    """The whole set."""
    out = tmp_path_factory.mktemp("scenes")
    for _ in make_scenes(audio, out):
        pass
    return load_scenes(out)


@pytest.fixture
def recordings(audio: Path) -> Recordings:
    """All recordings, in an order of their own."""
    return Recordings(audio, random.Random(3), (1, 1))  # noqa: S311 - no secret
