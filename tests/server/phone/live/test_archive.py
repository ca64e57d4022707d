"""A file for every call, as the store has it."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

from server.phone.calls.files import CallFiles
from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus
from server.phone.calls.store import CallStore
from server.phone.live.archive import Archive
from tests.server.phone.live.over_calls import keep, over, until, with_store, working


def written(folder: Path, call_id: str, note: str = "owed"):
    async def there() -> bool:
        path = folder / f"{call_id}.json"
        return path.exists() and json.loads(path.read_text())["sessionNote"] == note

    return there


def test_a_call_that_is_over_has_a_file_with_what_was_said(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        folder = tmp_path / "transcripts"
        archive = Archive(store, CallFiles(folder))
        record = await keep(store, over())
        await archive.begin()
        async with working(archive.run()):
            archive.update(record)
            await until(written(folder, "c1"))
            await store.update("c1", lambda kept: replace(kept, session_note="told"))
            archive.update(record)
            await until(written(folder, "c1", "told"))
        [row] = json.loads((folder / "c1.json").read_text())["transcript"]
        assert row["text"] == "Remember 42."
        assert stat.S_IMODE((folder / "c1.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    with_store(tmp_path, test)


def test_after_a_crash_what_is_missing_is_written_and_half_a_file_goes(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        files = CallFiles(tmp_path)
        await keep(store, over())
        await keep(store, over("c2", status=CallStatus.IN_PROGRESS, ended_at=None))
        files.write(await keep(store, over("c3")))
        (tmp_path / "c3.json").unlink()  # somebody wanted it gone
        half = tmp_path / ".unfinished-abc"
        half.write_text("{")
        archive = Archive(store, files)
        await archive.begin()
        async with working(archive.run()):
            await until(written(tmp_path, "c1"))
        assert not half.exists()
        assert not (tmp_path / "c2.json").exists()
        assert not (tmp_path / "c3.json").exists()
        assert [entry["id"] for entry in files.index()] == ["c3", "c1"]

    with_store(tmp_path, test)


def test_a_folder_that_cannot_be_written_costs_only_the_files(tmp_path: Path, caplog) -> None:
    async def test(store: CallStore) -> None:
        (tmp_path / "file").write_text("")
        archive = Archive(store, CallFiles(tmp_path / "file"))
        record = await keep(store, over())
        await archive.begin()

        async def told() -> bool:
            return "c1 has no file" in caplog.text

        async with working(archive.run()):
            archive.update(record)
            await until(told)

    with_store(tmp_path, test)


def test_half_a_character_of_a_model_is_left_out_everywhere(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        archive = Archive(store, CallFiles(tmp_path))
        record = await keep(store, over(task="Smile \ud83d."), "So \ud83d.")
        async with working(archive.run()):
            archive.update(record)
            await until(written(tmp_path, "c1"))
        whole = json.loads((tmp_path / "c1.json").read_text())
        assert (whole["task"], whole["transcript"][0]["text"]) == ("Smile .", "So .")

    with_store(tmp_path, test)


def test_a_bug_costs_one_file_and_no_more(tmp_path: Path, caplog) -> None:
    class Broken(CallFiles):
        def write(self, record: CallRecord) -> Path:
            if record.id == "c1":
                raise RuntimeError("a bug")
            return super().write(record)

    async def test(store: CallStore) -> None:
        archive = Archive(store, Broken(tmp_path))
        async with working(archive.run()):
            for call_id in ("c1", "c2"):
                archive.update(await keep(store, over(call_id)))
            await until(written(tmp_path, "c2"))

    with_store(tmp_path, test)
    assert "call:c1 has no file" in caplog.text
