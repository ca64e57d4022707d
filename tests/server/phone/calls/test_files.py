"""Calls as files."""

from __future__ import annotations

import json
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from server.phone.calls.files import INDEX_NAME, CallFiles, CallFilesError
from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus
from tests.server.phone.calls.call_records import NOON, call


def test_each_call_is_a_file_and_a_line_in_the_index(tmp_path: Path) -> None:
    files = CallFiles(tmp_path / "calls")
    first = call("c1", status=CallStatus.COMPLETED, task="Tromsø")
    path = files.write(first)
    files.write(call("c2"))
    assert CallRecord.from_json(json.loads(path.read_text(encoding="utf-8"))) == first
    assert [entry["id"] for entry in files.index()] == ["c1", "c2"]
    assert files.index()[0]["task"] == "Tromsø"
    assert "transcript" not in files.index()[0]
    assert sorted(one.name for one in path.parent.iterdir()) == ["c1.json", "c2.json", INDEX_NAME]


def test_a_call_written_again_is_replaced_in_both(tmp_path: Path) -> None:
    files = CallFiles(tmp_path)
    files.write(call("c1"))
    files.write(call("c2"))
    files.write(call("c1", status=CallStatus.BUSY))
    lines = (tmp_path / INDEX_NAME).read_text().splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["busy", "queued"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_only_the_user_may_read_them(tmp_path: Path) -> None:
    files = CallFiles(tmp_path)
    for path in (files.write(call("c1")), tmp_path / INDEX_NAME):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    files = CallFiles(tmp_path)
    files.write(call("c1"))
    with (tmp_path / INDEX_NAME).open("a") as file:
        file.write('{"id": "c2", "dir')
    files.write(call("c3"))
    assert [entry["id"] for entry in files.index()] == ["c1", "c3"]


def test_old_calls_are_removed_with_their_lines(tmp_path: Path) -> None:
    files = CallFiles(tmp_path)
    for day in range(5):
        files.write(call(f"c{day}", started_at=NOON + timedelta(days=day)))
    assert files.remove_before(NOON + timedelta(days=3)) == ("c0", "c1", "c2")
    assert [entry["id"] for entry in files.index()] == ["c3", "c4"]
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["c3.json", "c4.json"]
    assert files.remove_before(NOON) == ()


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    files = CallFiles(tmp_path)
    (tmp_path / ".unfinished-x").write_text("{")
    files.remove_unfinished()
    assert list(tmp_path.iterdir()) == []


def test_many_calls_may_end_at_once(tmp_path: Path) -> None:
    files = CallFiles(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(files.write, [call(f"c{number % 20}") for number in range(60)]))
    assert len(files.index()) == 20


def test_an_id_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(CallFilesError):
        CallFiles(tmp_path).write(call("../x"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CallFilesError, match=r"set phone\.transcripts\.folder"):
        CallFiles(tmp_path / "file").write(call())


def test_a_damaged_index_removes_nothing_outside_the_folder(tmp_path: Path) -> None:
    files = CallFiles(tmp_path / "calls")
    files.write(call("c1"))
    (tmp_path / "other.json").write_text("x")
    entry = {"id": "../other", "startedAt": "2020-01-01T00:00:00Z"}
    with (tmp_path / "calls" / INDEX_NAME).open("a") as file:
        file.write(json.dumps(entry) + "\n" + '{"id": "c9"}\n')
    files.remove_before(NOON)
    assert (tmp_path / "other.json").exists()
