"""The identity is made once, is readable by its owner alone, and survives crashes."""

import base64
import hashlib
import json
import multiprocessing
import os
import stat
import threading
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from openclaw_client.device import DeviceStore
from openclaw_client.errors import DeviceFileError

GATEWAY = "ws://127.0.0.1:18789"


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def create(path: str, start: threading.Barrier, found: "multiprocessing.Queue[str]") -> None:
    start.wait()
    found.put(DeviceStore(Path(path)).identity().device_id)


def test_the_identity_stays_the_same(tmp_path: Path):
    path = tmp_path / "deep" / "device.json"
    first = DeviceStore(path).identity()
    assert DeviceStore(path).identity().device_id == first.device_id
    assert DeviceStore(tmp_path / "other.json").identity().device_id != first.device_id


def test_the_id_is_the_digest_of_the_key_that_signs(tmp_path: Path):
    identity = DeviceStore(tmp_path / "device.json").identity()
    key = raw(identity.public_key)
    assert identity.device_id == hashlib.sha256(key).hexdigest()
    assert "=" not in identity.public_key + identity.sign("words")
    VerifyKey(key).verify("wörter".encode(), raw(identity.sign("wörter")))


def test_only_its_owner_may_read_it(tmp_path: Path):
    path = tmp_path / "device.json"
    store = DeviceStore(path)
    store.identity()
    assert mode(path) == 0o600
    store.keep_token(GATEWAY, "t")
    assert mode(path) == 0o600


def test_a_file_that_others_may_read_is_closed(tmp_path: Path):
    path = tmp_path / "device.json"
    device_id = DeviceStore(path).identity().device_id
    path.chmod(0o644)
    assert DeviceStore(path).identity().device_id == device_id
    assert mode(path) == 0o600


@pytest.mark.parametrize("wrong", [0o622, 0o666, 0o620])
def test_a_file_that_others_may_write_is_refused(tmp_path: Path, wrong: int):
    path = tmp_path / "device.json"
    DeviceStore(path).identity()
    path.chmod(wrong)
    with pytest.raises(DeviceFileError, match="cannot be trusted"):
        DeviceStore(path).identity()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"seed": 5}', '{"seed": "AAAA"}', '{"seed": "é!"}']
)
def test_a_damaged_file_is_refused_and_kept(tmp_path: Path, content: str):
    path = tmp_path / "device.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(DeviceFileError, match="Delete it"):
        DeviceStore(path).identity()
    assert path.read_text() == content


def test_tokens_are_kept_by_gateway(tmp_path: Path):
    store = DeviceStore(tmp_path / "device.json")
    assert store.token(GATEWAY) == ""
    store.keep_token(GATEWAY, "one")
    store.keep_token("ws://other", "two")
    store.keep_token(GATEWAY, "three")
    again = DeviceStore(tmp_path / "device.json")
    assert (again.token(GATEWAY), again.token("ws://other")) == ("three", "two")
    again.keep_token(GATEWAY, "")
    assert (again.token(GATEWAY), again.token("ws://other")) == ("", "two")
    assert again.identity().device_id == store.identity().device_id


def test_senseless_tokens_are_none(tmp_path: Path):
    path = tmp_path / "device.json"
    store = DeviceStore(path)
    store.identity()
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "tokens": {GATEWAY: 5}}))
    assert store.token(GATEWAY) == ""
    path.write_text(json.dumps({**content, "tokens": []}))
    store.keep_token(GATEWAY, "t")
    assert store.token(GATEWAY) == "t"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(DeviceFileError, match=r"openclaw\.device_file"):
        DeviceStore(tmp_path / "device.json").identity()


def test_a_folder_in_its_place_is_a_clear_error(tmp_path: Path):
    (tmp_path / "device.json").mkdir()
    with pytest.raises(DeviceFileError):
        DeviceStore(tmp_path / "device.json").identity()


def test_a_file_in_place_of_its_folder_is_a_clear_error(tmp_path: Path):
    (tmp_path / "data").write_text("")
    with pytest.raises(DeviceFileError):
        DeviceStore(tmp_path / "data" / "device.json").identity()


def test_nothing_shows_the_key(tmp_path: Path):
    identity = DeviceStore(tmp_path / "device.json").identity()
    seed = json.loads((tmp_path / "device.json").read_text())["seed"]
    assert seed not in repr(identity) + str(identity)
    assert repr(identity) == "DeviceIdentity()"


def test_no_temporary_file_stays_behind(tmp_path: Path):
    store = DeviceStore(tmp_path / "device.json")
    store.identity()
    store.keep_token(GATEWAY, "t")
    assert {path.name for path in tmp_path.iterdir()} <= {"device.json", "device.json.lock"}


@pytest.mark.slow
def test_processes_that_start_together_end_with_one_identity(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    start, found = context.Barrier(4), context.Queue()
    path = str(tmp_path / "data" / "device.json")
    processes = [context.Process(target=create, args=(path, start, found)) for _ in range(4)]
    for process in processes:
        process.start()
    ids = {found.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(60)
    found.close()
    found.join_thread()
    assert len(ids) == 1
