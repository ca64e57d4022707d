from pathlib import Path

import pytest

from models.catalog import ModelFile
from models.errors import ChecksumError
from models.verify import check, complete, present
from tests.models.workshop import sha256

CONTENT = b"weights"
FILE = ModelFile("model.bin", len(CONTENT), sha256(CONTENT))


def test_a_folder_with_all_files_is_complete(tmp_path: Path) -> None:
    assert not complete(tmp_path, [FILE])
    (tmp_path / FILE.name).write_bytes(CONTENT)
    assert complete(tmp_path, [FILE])


def test_half_a_file_is_present_and_not_complete(tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(CONTENT[:3])
    assert present(tmp_path, [FILE])
    assert not complete(tmp_path, [FILE])


def test_the_right_content_passes(tmp_path: Path) -> None:
    path = tmp_path / FILE.name
    path.write_bytes(CONTENT)
    check(path, FILE)


@pytest.mark.parametrize("content", [b"weightz", b"weights and more", b""])
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE.name
    path.write_bytes(content)
    with pytest.raises(ChecksumError, match=f"{len(content)} bytes .*{FILE.sha256}"):
        check(path, FILE)
