import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.models.workshop import (
    FILES,
    REPOSITORY,
    REVISION,
    Workshop,
    finish,
    write_catalog,
)
from tests.peers.hub import FakeHub, free_port

CHUNK = 10 * 1024 * 1024
"""Bytes the hub's client writes at once; a shorter rest is asked for again."""

STALL = 15.0
"""Seconds; the hub's own client would take longer to give up."""


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as running:
        for name, content in FILES.items():
            running.put(REPOSITORY, REVISION, name, content)
        yield running


@pytest.fixture
def workshop(hub: FakeHub, tmp_path: Path) -> Workshop:
    write_catalog(tmp_path, FILES)
    return Workshop(tmp_path, hub.url, {})


def assert_is_the_model(folder: Path | None) -> None:
    assert folder is not None
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES


def test_a_model_is_downloaded_with_progress_and_found_from_then_on_without_network(
    hub: FakeHub, workshop: Workshop
) -> None:
    assert not workshop.run("find").found

    fetched = workshop.run("ensure")

    assert_is_the_model(fetched.folder)
    assert fetched.source == "fetched from the Hugging Face hub"
    assert "listener: model.bin: 409.6 kB\n" in fetched.stderr
    assert "listener: model.bin: 100 %\n" in fetched.stderr
    hub.requests.clear()
    again = workshop.run("ensure")
    assert_is_the_model(again.folder)
    assert again.source == "Hugging Face cache"
    assert hub.requests == []


def test_a_model_in_a_folder_of_a_repository_keeps_its_own_folders(
    hub: FakeHub, tmp_path: Path
) -> None:
    files = {"tokenizer.json": b"{}", "onnx/model.onnx": bytes(2000)}
    for name, content in files.items():
        hub.put(REPOSITORY, REVISION, f"en/ann/{name}", content)
    catalog = write_catalog(tmp_path, files)
    pinned = f'revision = "{REVISION}"'
    text = catalog.read_text(encoding="utf-8").replace(pinned, f'{pinned}, folder = "en/ann"')
    catalog.write_text(text, encoding="utf-8")
    workshop = Workshop(tmp_path, hub.url, {})

    fetched = workshop.run("ensure")

    assert fetched.folder is not None
    assert {name: (fetched.folder / name).read_bytes() for name in files} == files
    assert workshop.run("find").folder == fetched.folder


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub: FakeHub, workshop: Workshop) -> None:
    workshop.environment["HF_TOKEN"] = "hf_made_up"

    workshop.run("ensure")

    seen = {(request.server, request.authorised) for request in hub.requests}
    assert seen >= {("hub", True), ("storage", False)}
    assert ("storage", True) not in seen


def test_a_connection_cut_in_the_middle_is_resumed_where_it_broke(
    hub: FakeHub, workshop: Workshop
) -> None:
    content = FILES["model.bin"] * 28
    write_catalog(workshop.folder, {"model.bin": content})
    hub.put(REPOSITORY, REVISION, "model.bin", content)
    hub.cut_after = len(content) - 1

    fetched = workshop.run("ensure")

    assert fetched.folder is not None
    assert (fetched.folder / "model.bin").read_bytes() == content
    ranges = [request.range for request in hub.requests if request.server == "storage"]
    assert ranges == [None, f"bytes={CHUNK}-"]


def test_a_file_with_a_wrong_checksum_is_refused_and_nothing_of_it_is_left(
    hub: FakeHub, workshop: Workshop
) -> None:
    forged = bytes(len(FILES["model.bin"]))
    hub.put(REPOSITORY, REVISION, "model.bin", forged)

    refused = workshop.run("ensure")

    assert refused.error == "ChecksumError"
    assert "model.bin" in refused.message
    assert not workshop.run("find").found
    assert [path for path in workshop.cache.rglob("*") if path.name == "model.bin"] == []
    assert [path for path in workshop.cache.rglob("*") if has_content(path, forged)] == []

    hub.put(REPOSITORY, REVISION, "model.bin", FILES["model.bin"])
    assert_is_the_model(workshop.run("ensure").folder)


def has_content(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def test_what_came_before_a_fetch_was_killed_is_not_believed_until_it_is_verified(
    hub: FakeHub, workshop: Workshop
) -> None:
    hub.delay = 30.0
    killed = workshop.start("ensure")
    assert hub.transferring.wait(30)
    killed.kill()
    killed.communicate()
    hub.delay = 0.0
    hub.put(REPOSITORY, REVISION, "model.bin", bytes(len(FILES["model.bin"])))
    workshop.run_client(
        "import huggingface_hub\n"
        f"huggingface_hub.hf_hub_download({REPOSITORY!r}, 'model.bin', revision={REVISION!r})"
    )

    assert not workshop.run("find").found
    assert workshop.run("ensure").error == "ChecksumError"


def test_a_gated_repository_asks_to_accept_its_licence_and_to_log_in(
    hub: FakeHub, workshop: Workshop
) -> None:
    hub.gated.add(REPOSITORY)

    refused = workshop.run("ensure")

    assert refused.error == "GatedError"
    assert f"accept its licence at {hub.url}/{REPOSITORY}" in refused.message
    assert "hf auth login" in refused.message


def test_a_repository_that_is_gone_is_named(hub: FakeHub, workshop: Workshop) -> None:
    hub.repositories.clear()

    missing = workshop.run("ensure")

    assert missing.error == "MissingUpstreamError"
    assert f"no repository {REPOSITORY}" in missing.message


def test_a_file_that_is_gone_is_named(hub: FakeHub, workshop: Workshop) -> None:
    del hub.repositories[REPOSITORY][REVISION]["model.bin"]

    missing = workshop.run("ensure")

    assert missing.error == "MissingUpstreamError"
    assert "model.bin" in missing.message


def test_a_revision_that_is_gone_is_named(hub: FakeHub, workshop: Workshop) -> None:
    hub.repositories[REPOSITORY] = {"f" * 40: FILES}

    missing = workshop.run("ensure")

    assert missing.error == "MissingUpstreamError"
    assert REVISION in missing.message


def test_two_processes_fetch_at_once_and_the_file_is_transferred_once(
    hub: FakeHub, workshop: Workshop
) -> None:
    hub.delay = 0.5

    both = [workshop.start("ensure"), workshop.start("ensure")]

    for process in both:
        assert_is_the_model(finish(process).folder)
    assert hub.transfers() == 1


def test_offline_with_nothing_cached_one_error_says_what_to_do(
    workshop: Workshop, tmp_path: Path
) -> None:
    nowhere = Workshop(tmp_path, f"http://127.0.0.1:{free_port()}", {})
    started = time.monotonic()

    failed = nowhere.run("ensure")

    assert time.monotonic() - started < STALL
    assert failed.error == "UnreachableError"
    for part in (
        "listener",
        REPOSITORY,
        REVISION,
        nowhere.endpoint,
        "uv run run.py models pull listener",
        str(tmp_path / "weights" / "listener"),
    ):
        assert part in failed.message
    assert failed.stderr == ""


def test_offline_mode_of_the_hub_is_respected(hub: FakeHub, workshop: Workshop) -> None:
    workshop.environment["HF_HUB_OFFLINE"] = "1"

    failed = workshop.run("ensure")

    assert failed.error == "UnreachableError"
    assert "HF_HUB_OFFLINE" in failed.message
    assert hub.requests == []


def test_a_hub_in_trouble_is_not_asked_again_and_again(hub: FakeHub, workshop: Workshop) -> None:
    hub.status = HTTPStatus.SERVICE_UNAVAILABLE
    started = time.monotonic()

    failed = workshop.run("ensure")

    assert time.monotonic() - started < STALL
    assert failed.error == "DownloadError"
    assert "503" in failed.message


@pytest.mark.slow
def test_a_hub_that_accepts_and_never_answers_is_given_up(hub: FakeHub, workshop: Workshop) -> None:
    hub.silent = True
    workshop.environment["HF_HUB_ETAG_TIMEOUT"] = "1"
    started = time.monotonic()

    failed = workshop.run("ensure")

    assert time.monotonic() - started < STALL
    assert failed.error == "UnreachableError"
