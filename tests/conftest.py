"""What tests of several packages look up: model files and recordings that may not be there."""

from __future__ import annotations

import importlib.util
import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdist.remote import Producer

from pipeline.audio import Samples, decode_file
from tests.parallel import FileScheduling, rank

REPOSITORY = Path(__file__).parents[1]
SMART_TURN = "smart-turn-v3.2-cpu.onnx"


def pytest_configure() -> None:
    """Let programs that tests start be interrupted, also where the tests run in the background.

    A shell starts background jobs with SIGINT ignored, nohup with SIGHUP, and their children
    inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    hang_up = getattr(signal, "SIGHUP", None)  # not on Windows
    if hang_up is not None and signal.getsignal(hang_up) is signal.SIG_IGN:
        signal.signal(hang_up, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: rank(item.path, slow=item.path in slow))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling:
    """Share the tests out among several processes."""
    return FileScheduling(config, log)


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of the shared recordings and what its manifest says of it."""

    samples: Samples
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SharedAudio:
    """A folder of real recordings with its manifest."""

    folder: Path
    manifest: list[dict[str, Any]]

    def of_kind(self, *kinds: str) -> list[Recording]:
        """Return the recordings of some kinds: command, name, read, noise, music …"""
        return [
            Recording(np.concatenate(list(decode_file(self.folder / facts["path"]))), facts)
            for facts in self.manifest
            if facts["kind"] in kinds
        ]


def installed_file(package: str, *parts: str) -> Path:
    """Find a file of an installed package without importing the package."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    path = Path(found.submodule_search_locations[0]).joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"{package} is installed without {path.name}")
    return path


@pytest.fixture(scope="session")
def silero_path() -> Path:
    """The voice activity model in the form that takes several speakers at once."""
    return installed_file("silero_vad", "data", "silero_vad.onnx")


@pytest.fixture(scope="session")
def silero_alone_path() -> Path:
    """The same weights in the form for one speaker."""
    return installed_file("silero_vad", "data", "silero_vad_16k_sequence.onnx")


@pytest.fixture(scope="session")
def silero_fallback_path() -> Path:
    """The copy that faster-whisper carries."""
    return installed_file("faster_whisper", "assets", "silero_vad_v6.onnx")


@pytest.fixture(scope="session")
def smart_turn_path() -> Path:
    """The end-of-turn model, beside the repository or pulled into it."""
    for path in (
        REPOSITORY.parent / "shared" / "models" / SMART_TURN,
        REPOSITORY / "models" / "weights" / "smart-turn" / SMART_TURN,
    ):
        if path.is_file():
            return path
    pytest.skip("no Smart Turn weights; get them with `uv run run.py models pull smart-turn`")


@pytest.fixture(scope="session")
def shared_audio() -> SharedAudio:
    """Real recordings with labels, which are not part of the repository."""
    folder = REPOSITORY.parent / "shared" / "audio"
    if not (folder / "manifest.json").is_file():
        pytest.skip("the shared recordings are not beside the repository (../shared/audio)")
    return SharedAudio(folder, json.loads((folder / "manifest.json").read_text()))
