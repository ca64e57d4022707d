"""What is known of calls is kept as long as the settings say."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from server.phone.calls.files import CallFiles
from server.phone.calls.record import CallRecord, Recording
from server.phone.calls.status import CallStatus
from server.phone.calls.store import CallStore, HistoryQuery
from server.phone.live.retention import Retention
from tests.server.phone.calls.call_records import NOON
from tests.server.phone.live.over_calls import keep, over, with_store

OLD, NEW = "0123456789ab", "ba9876543210"
NOW = NOON + timedelta(days=100)


async def carry_out(
    store: CallStore, folder: Path, *, transcript_days: int = 90, recording_days: int = 30
) -> list[CallRecord]:
    changed: list[CallRecord] = []
    files = CallFiles(folder / "transcripts")
    retention = Retention(store, files, folder / "sound", transcript_days, recording_days)
    await retention.carry_out(NOW, changed.append)
    return changed


async def two_calls(store: CallStore, folder: Path) -> None:
    files = CallFiles(folder / "transcripts")
    for call_id, days in ((OLD, 0), (NEW, 50)):
        at = NOON + timedelta(days=days)
        sound = Recording(f"{call_id}.wav", 3.0)
        record = over(call_id, started_at=at, ended_at=at, recording=sound)
        files.write(await keep(store, record))


def sound(folder: Path, name: str, days: int) -> Path:
    path = folder / "sound" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"RIFF")
    at = (NOON + timedelta(days=days)).timestamp()
    os.utime(path, (at, at))
    return path


def test_calls_and_their_files_are_forgotten_after_their_days(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        await two_calls(store, tmp_path)
        running = over("c3", started_at=NOON, status=CallStatus.IN_PROGRESS, ended_at=None)
        await keep(store, running)
        await carry_out(store, tmp_path)
        left = await store.history(HistoryQuery())
        assert {record.id for record in left} == {NEW, "c3"}
        names = {path.name for path in (tmp_path / "transcripts").iterdir()}
        assert names == {f"{NEW}.json", "index.jsonl"}

    with_store(tmp_path, test)


def test_recordings_have_days_of_their_own_and_the_record_says_that_they_are_gone(
    tmp_path: Path,
) -> None:
    async def test(store: CallStore) -> None:
        await two_calls(store, tmp_path)
        old, new = sound(tmp_path, f"{OLD}.wav", 0), sound(tmp_path, f"{NEW}.wav", 90)
        other = sound(tmp_path, "holiday.wav", 0)
        changed = await carry_out(store, tmp_path, transcript_days=0)
        assert not old.exists()
        assert new.exists()
        assert other.exists()  # not ours
        assert [(record.id, record.recording) for record in changed] == [(OLD, None)]
        assert len(await store.history(HistoryQuery())) == 2

    with_store(tmp_path, test)


def test_without_an_end_everything_stays(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        await two_calls(store, tmp_path)
        old = sound(tmp_path, f"{OLD}.wav", 0)
        await carry_out(store, tmp_path, transcript_days=0, recording_days=0)
        assert old.exists()
        assert len(await store.history(HistoryQuery())) == 2

    with_store(tmp_path, test)


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        assert await carry_out(store, tmp_path) == []

    with_store(tmp_path, test)
