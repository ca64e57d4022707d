"""Catalogues of made-up models, and a process of its own to fetch them in.

The hub's client reads its environment when it is imported, so what concerns the hub runs in a
subprocess: ``python tests/models/workshop.py CATALOG WEIGHTS find|ensure NAME``.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.catalog import load_catalog
from models.config import ModelsConfig
from models.errors import ModelError
from models.progress import progress_on
from models.registry import Registry

ROOT = Path(__file__).parents[2]
REPOSITORY = "example/listener"
REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = {"config.json": b'{"size": "small"}', "model.bin": bytes(range(256)) * 1600}
"""A made-up model: one file small enough to be answered directly, one that lies in storage."""

HANG = 60
"""Seconds after which a subprocess is given up."""


def file_entries(files: dict[str, bytes]) -> str:
    """Describe files as the catalogue does."""
    return ", ".join(
        f'{{ name = "{name}", size = {len(content)}, sha256 = "{sha256(content)}" }}'
        for name, content in files.items()
    )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_catalog(folder: Path, files: dict[str, bytes], extra: str = "") -> Path:
    """Write a catalogue with one model, ``listener``, on the hub."""
    path = folder / "catalog.toml"
    path.write_text(
        f'[listener]\nkind = "whisper"\nlicence = "MIT"\nfiles = [{file_entries(files)}]\n'
        f'hub = {{ repository = "{REPOSITORY}", revision = "{REVISION}" }}\n{extra}\n',
        encoding="utf-8",
    )
    return path


def write_wheel(folder: Path, member: str, content: bytes) -> tuple[Path, str]:
    """Build the wheel ``listener-files`` 1.0 with one member; returns it and its SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "listener_files-1.0-py3-none-any.whl"
    info = "listener_files-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: listener-files\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path, sha256(path.read_bytes())


def pip_environment(wheels: Path) -> dict[str, str]:
    """Let pip see the wheels of a folder and no index."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_CONFIG_FILE": os.devnull,
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the subprocess answered."""

    found: bool
    folder: Path | None
    source: str
    error: str
    """Class of the error, "" when there was none."""

    message: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder with a catalogue, weights and a hub cache of its own."""

    folder: Path
    endpoint: str
    environment: dict[str, str]

    @property
    def weights(self) -> Path:
        return self.folder / "weights"

    @property
    def cache(self) -> Path:
        return self.folder / "huggingface" / "hub"

    def start(self, action: str, name: str = "listener") -> subprocess.Popen[str]:
        """Begin to find or ensure a model."""
        arguments = [self.folder / "catalog.toml", self.weights, action, name]
        return self._python([__file__, *map(str, arguments)])

    def run(self, action: str, name: str = "listener") -> Outcome:
        """Find or ensure a model."""
        return finish(self.start(action, name))

    def run_client(self, code: str) -> None:
        """Let another program use the hub's client."""
        process = self._python(["-c", code])
        _, stderr = process.communicate(timeout=HANG)
        assert process.returncode == 0, stderr

    def _python(self, arguments: list[str]) -> subprocess.Popen[str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HF_", "PIP_")) and not name.lower().endswith("_proxy")
        }
        ours = {
            "PYTHONPATH": str(ROOT),
            "HF_HOME": str(self.folder / "huggingface"),
            "HF_ENDPOINT": self.endpoint,
        }
        return subprocess.Popen(
            [sys.executable, "-W", "error", *arguments],
            env=inherited | ours | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def finish(process: subprocess.Popen[str]) -> Outcome:
    """Wait for a subprocess and read its answer."""
    stdout, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 0, stderr
    answer = json.loads(stdout)
    folder = answer["folder"]
    return Outcome(
        found=folder is not None,
        folder=Path(folder) if folder else None,
        source=answer["source"],
        error=answer["error"],
        message=answer["message"],
        stderr=stderr,
    )


def main(catalog: str, weights: str, action: str, name: str) -> dict[str, Any]:
    """Do in the subprocess what a test asked for."""
    registry = Registry(ModelsConfig(), catalog=load_catalog(Path(catalog)), weights=Path(weights))
    answer: dict[str, Any] = {"folder": None, "source": "", "error": "", "message": ""}
    try:
        if action == "find":
            files = registry.find(name)
        else:
            files = registry.ensure(name, progress_on(sys.stderr))
    except ModelError as error:
        return answer | {"error": type(error).__name__, "message": str(error)}
    return answer | ({"folder": str(files.folder), "source": files.source} if files else {})


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 - the test reads it
