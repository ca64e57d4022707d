import sys
from pathlib import Path

import pytest

from models.catalog import load_catalog
from models.config import ModelsConfig
from models.errors import NotCachedError
from models.registry import Registry
from tests.models.workshop import FILES, REVISION, file_entries, write_catalog


def write_files(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def registry(tmp_path: Path, *path: Path, download: bool = False) -> Registry:
    catalog = load_catalog(write_catalog(tmp_path, FILES))
    config = ModelsConfig(path=path, download=download)
    return Registry(config, catalog=catalog, weights=tmp_path / "weights")


def test_what_is_nowhere_is_not_found(tmp_path: Path) -> None:
    assert registry(tmp_path, tmp_path / "missing").find("listener") is None


@pytest.mark.parametrize("name", ["models/listener", "models"])
def test_a_configured_folder_holds_the_model_or_its_files(tmp_path: Path, name: str) -> None:
    folder = write_files(tmp_path / name)

    found = registry(tmp_path, tmp_path / "models").find("listener")

    assert found is not None
    assert found.folder == folder
    assert found.file("config.json").read_bytes() == FILES["config.json"]


def test_another_build_is_taken_only_where_the_folder_names_the_model(tmp_path: Path) -> None:
    other = {**FILES, "model.bin": b"quantised otherwise"}
    write_files(tmp_path / "unnamed", other)
    write_files(tmp_path / "named" / "listener", other)

    assert registry(tmp_path, tmp_path / "unnamed").find("listener") is None
    assert registry(tmp_path, tmp_path / "named").find("listener") is not None


def test_configured_folders_win_in_their_order_over_the_weights(tmp_path: Path) -> None:
    weights = write_files(tmp_path / "weights" / "listener")
    second = write_files(tmp_path / "second" / "listener")
    first = write_files(tmp_path / "first" / "listener")

    found = [
        registry(tmp_path, tmp_path / "first", tmp_path / "second").find("listener"),
        registry(tmp_path, tmp_path / "second").find("listener"),
        registry(tmp_path).find("listener"),
    ]

    assert [files and files.folder for files in found] == [first, second, weights]


def test_half_a_copy_in_the_weights_is_not_the_model(tmp_path: Path) -> None:
    write_files(tmp_path / "weights" / "listener", {**FILES, "model.bin": b"half"})
    assert registry(tmp_path).find("listener") is None


def test_silero_is_found_in_its_package_without_importing_it() -> None:
    found = Registry(ModelsConfig()).find("silero-vad")
    assert found is not None
    assert found.file("silero_vad.onnx").is_file()
    assert "silero_vad" not in sys.modules


def test_a_package_that_is_not_installed_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(
        f'[x]\nkind = "vad"\nlicence = "MIT"\nfiles = [{file_entries(FILES)}]\n'
        'installed = { package = "no_such_package", folder = "data" }\n',
        encoding="utf-8",
    )
    assert Registry(ModelsConfig(), catalog=load_catalog(path)).find("x") is None


def test_the_fixture_is_part_of_the_project_and_cannot_be_fetched() -> None:
    found = Registry(ModelsConfig()).find("fixture")
    assert found is not None
    assert found.file("model.bin").is_file()
    with pytest.raises(NotCachedError, match="part of the repository"):
        Registry(ModelsConfig()).fetch("fixture")


def test_with_downloads_off_the_error_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotCachedError) as caught:
        registry(tmp_path).ensure("listener")
    message = str(caught.value)
    for part in (
        "listener",
        "models.download is off",
        REVISION,
        "config.json, model.bin (409.6 kB)",
        "uv run run.py models pull listener",
        str(tmp_path / "weights" / "listener"),
        "models.path",
    ):
        assert part in message


def test_ensure_finds_what_is_here_with_downloads_off(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "weights" / "listener")
    assert registry(tmp_path).ensure("listener").folder == folder
