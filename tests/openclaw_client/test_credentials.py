"""The shared token first; the one of the device when that does not fit any more, once."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from openclaw_client.config import OpenClawConfig
from openclaw_client.credentials import Credentials
from openclaw_client.device import DeviceStore
from openclaw_client.errors import (
    CredentialsError,
    DeviceRefusedError,
    ProtocolMismatchError,
    UnreachableError,
)

ADDRESS = "ws://127.0.0.1:18789"
WRONG = CredentialsError("wrong")


@pytest.fixture
def store(tmp_path: Path) -> DeviceStore:
    return DeviceStore(tmp_path / "device.json")


def credentials(store: DeviceStore | None, shared: str = "shared") -> Credentials:
    config = OpenClawConfig(base_url=ADDRESS, auth_token=SecretStr(shared))
    return Credentials(config, store, "1")


def test_token_and_identity_are_shown(store: DeviceStore):
    greeting = credentials(store).greeting()
    assert (greeting.token, greeting.device_token) == ("shared", "")
    assert greeting.device is not None


def test_a_password_is_shown_as_one(store: DeviceStore):
    config = OpenClawConfig(base_url=ADDRESS, password=SecretStr("word"))
    greeting = Credentials(config, store, "1").greeting()
    assert (greeting.token, greeting.password) == ("", "word")


def test_without_a_store_there_is_no_identity():
    assert credentials(None).greeting().device is None


def test_a_token_that_was_given_is_kept(store: DeviceStore):
    credentials(store).accepted("given")
    assert store.token(ADDRESS) == "given"
    assert credentials(store, "").greeting().device_token == "given"


def test_the_device_token_is_tried_once_when_the_shared_one_is_wrong(store: DeviceStore):
    store.keep_token(ADDRESS, "given")
    shown = credentials(store)
    assert shown.failed(WRONG)
    greeting = shown.greeting()
    assert (greeting.token, greeting.device_token) == ("", "given")
    assert not shown.failed(WRONG)
    assert store.token(ADDRESS) == ""


def test_without_a_device_token_there_is_nothing_else_to_show(store: DeviceStore):
    shown = credentials(store)
    assert not shown.failed(WRONG)
    assert shown.greeting().token == "shared"


def test_after_success_the_shared_token_is_shown_again(store: DeviceStore):
    store.keep_token(ADDRESS, "given")
    shown = credentials(store)
    shown.failed(WRONG)
    shown.accepted("")
    assert shown.greeting().token == "shared"


def test_other_failures_change_nothing(store: DeviceStore):
    store.keep_token(ADDRESS, "given")
    shown = credentials(store)
    assert not shown.failed(UnreachableError("away"))
    assert not shown.failed(ProtocolMismatchError("too new"))
    assert shown.greeting().token == "shared"


def test_an_unusable_file_is_an_error_of_the_connection(tmp_path: Path):
    (tmp_path / "device.json").write_text("{")
    shown = credentials(DeviceStore(tmp_path / "device.json"))
    with pytest.raises(DeviceRefusedError, match="Delete it"):
        shown.greeting()
    assert not shown.failed(WRONG)
