"""Calls in the store."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from server.phone.calls.config import LimitsConfig
from server.phone.calls.limits import MONTH, Limits, Spent
from server.phone.calls.record import CallRecord, TranscriptRow
from server.phone.calls.status import ACTIVE_STATUSES, CallStatus
from server.phone.calls.store import CallStore, HistoryQuery, attempt_id
from server.store.database import FILE_NAME, open_database
from tests.server.phone.calls.call_records import NOON, OURS, THEIRS, attempt, call

Result = TypeVar("Result")
MINUTE = timedelta(minutes=1)


def with_store(folder: Path, work: Callable[[CallStore], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with open_database(folder) as database:
            return await work(CallStore(database))

    return asyncio.run(run())


def ended(call_id: str, minutes: int, status: CallStatus = CallStatus.COMPLETED) -> CallRecord:
    at = NOON + minutes * MINUTE
    return call(call_id, status=status, started_at=at, ended_at=at + MINUTE)


async def five_calls(store: CallStore) -> None:
    for number in range(1, 6):
        await store.add(ended(f"c{number}", number))


def ids(records: list[CallRecord]) -> list[str]:
    return [record.id for record in records]


def row(seconds: float, text: str) -> TranscriptRow:
    return TranscriptRow(NOON + timedelta(seconds=seconds), "user", text)


def test_a_call_comes_back_with_its_transcript_by_either_id(tmp_path: Path) -> None:
    record = call(status=CallStatus.IN_PROGRESS, attempts=(attempt(), attempt(2)))

    async def work(store: CallStore) -> None:
        await store.add(record)
        await store.put_row("c1", 1, row(5, "second"))
        await store.put_row("c1", 2, row(1, "first, told late"))
        await store.put_row("c1", 1, row(5, "second, corrected"))
        found = await store.get("c1")
        assert found is not None
        assert [one.text for one in found.transcript] == ["first, told late", "second, corrected"]
        assert replace(found, transcript=()) == record
        assert await store.get("CA2") == found
        assert await store.get("c9") is None

    with_store(tmp_path, work)


def test_a_call_is_kept_as_it_stands(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        record = call(status=CallStatus.RINGING)
        await store.add(record)
        assert await store.active() == [record]
        done = replace(record, status=CallStatus.BUSY, ended_at=NOON)
        await store.save(done)
        assert await store.active() == []
        assert await store.history(HistoryQuery()) == [done]

    with_store(tmp_path, work)


def test_active_calls_are_those_that_have_not_ended(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        for status in CallStatus:
            await store.add(call(status, status=status))
        assert {record.status for record in await store.active()} == ACTIVE_STATUSES

    with_store(tmp_path, work)


def test_history_is_paged_by_call_and_by_time(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        await five_calls(store)
        page = await store.history(HistoryQuery(limit=2))
        assert ids(page) == ["c5", "c4"]
        assert ids(await store.history(HistoryQuery(limit=2, before="c4"))) == ["c3", "c2"]
        before = HistoryQuery(before="2026-03-02T12:02:00Z")
        assert ids(await store.history(before)) == ["c1"]
        with pytest.raises(ValueError, match="Invalid isoformat"):
            await store.history(HistoryQuery(before="yesterday"))

    with_store(tmp_path, work)


def test_history_is_filtered(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        await store.add(ended("c1", 1, CallStatus.BUSY))
        await store.add(replace(ended("c2", 2), direction="inbound", from_="+4930123456"))
        await store.add(ended("c3", 3))
        for query, wanted in [
            (HistoryQuery(status=CallStatus.BUSY), ["c1"]),
            (HistoryQuery(number="+4930123456"), ["c2"]),
            (HistoryQuery(direction="outbound"), ["c3", "c1"]),
            (HistoryQuery(number=THEIRS, before="c3"), ["c1"]),
            (HistoryQuery(number=OURS), []),
        ]:
            assert ids(await store.history(query)) == wanted

    with_store(tmp_path, work)


def test_the_same_key_is_the_same_call(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        first = call("c1", idempotency_key="k")
        assert await store.add(first) == first
        assert await store.add(call("c2", idempotency_key="k")) == first
        assert await store.get("c2") is None
        assert (await store.add(call("c3", idempotency_key="other"))).id == "c3"

    with_store(tmp_path, work)


def test_what_was_spent_is_known_after_a_restart(tmp_path: Path) -> None:
    answered = attempt(answered_at=NOON, ended_at=NOON + MINUTE)
    records = [
        call("billed", attempts=(replace(answered, duration=42),)),
        call("measured", attempts=(attempt(ended_at=NOON), replace(answered, number=2))),
        call("running", attempts=(attempt(),)),
        call("declined", direction="inbound", from_=THEIRS, attempts=(attempt(ended_at=NOON),)),
        call("old", attempts=(replace(answered, began_at=NOON - MONTH),)),
    ]

    async def keep(store: CallStore) -> None:
        for record in records:
            await store.add(record)

    with_store(tmp_path, keep)
    spent = with_store(tmp_path, lambda store: store.spent_since(NOON - MONTH, 600.0))
    known = {one.id: (one.seconds, one.running) for one in spent}
    assert known == {
        "billed:1": (42.0, False),
        "measured:1": (0.0, False),
        "measured:2": (60.0, False),
        "running:1": (600.0, True),
    }
    assert spent[0] == Spent(attempt_id("billed", 1), THEIRS, "outbound", NOON, 42.0)
    limits = Limits(LimitsConfig(concurrent_outbound=1), spent)
    assert limits.may_call(NOON, THEIRS, "outbound") is not None
    limits.end("running:1", 30.0)
    assert limits.may_call(NOON, THEIRS, "outbound") is None


def test_old_calls_are_forgotten_and_what_they_spent_is_not_yet(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        await five_calls(store)
        await store.save(replace(ended("c1", 1), attempts=(attempt(),)))
        await store.put_row("c1", 1, row(1, "hello"))
        await store.add(call("running", status=CallStatus.RINGING))
        gone = await store.forget(NOON + 3 * MINUTE, NOON - MONTH)
        assert ids(gone) == ["c1", "c2"]
        assert ids(await store.history(HistoryQuery())) == ["running", "c5", "c4", "c3"]
        assert len(await store.spent_since(NOON - MONTH, 0.0)) == 1
        await store.forget(NOON + 3 * MINUTE, NOON + MINUTE)
        assert await store.spent_since(NOON - MONTH, 0.0) == []

    with_store(tmp_path, work)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("SELECT * FROM call_rows").fetchall() == []


def test_a_call_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    async def some(store: CallStore) -> None:
        await five_calls(store)
        await store.put_row("c2", 1, row(1, "hello"))
        await store.put_row("c2", 2, row(2, "you"))

    with_store(tmp_path, some)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE calls SET record = '{\"id\": 1}' WHERE id = 'c3'")
        connection.execute("UPDATE call_rows SET row = '{}' WHERE number = 1")

    async def work(store: CallStore) -> None:
        assert ids(await store.history(HistoryQuery())) == ["c5", "c4", "c2", "c1"]
        found = await store.get("c2")
        assert found is not None
        assert [one.text for one in found.transcript] == ["you"]

    with_store(tmp_path, work)


def test_the_event_loop_goes_on_while_the_store_works(tmp_path: Path) -> None:
    async def run() -> int:
        async with open_database(tmp_path) as database:
            store = CallStore(database)
            release = asyncio.Event()
            loop = asyncio.get_running_loop()

            def slow(connection: sqlite3.Connection) -> None:
                asyncio.run_coroutine_threadsafe(release.wait(), loop).result(30)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(database.run(slow))
                adding = tasks.create_task(store.add(call()))
                turns = 0
                for _ in range(100):
                    await asyncio.sleep(0)
                    turns += 1
                assert not adding.done()
                release.set()
            return turns

    assert asyncio.run(run()) == 100


WRITER = """
    import asyncio, sys
    from dataclasses import replace
    from pathlib import Path
    from server.phone.calls.status import CallStatus
    from server.phone.calls.store import CallStore
    from server.store.database import open_database
    from tests.server.phone.calls.call_records import attempt, call
    from tests.server.phone.calls.test_store import row

    async def write():
        async with open_database(Path(sys.argv[1])) as database:
            store = CallStore(database)
            for number in range(100_000):
                record = call(f"c{number}", status=CallStatus.IN_PROGRESS, attempts=(attempt(),))
                await store.add(record)
                for line in range(5):
                    await store.put_row(record.id, line, row(line, "hello " * 20))
                print(number, flush=True)

    asyncio.run(write())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_what_was_kept_outlives_a_kill(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        done = [int(writer.stdout.readline()) for _ in range(30)]
        writer.send_signal(signal.SIGKILL)
        done += [int(line) for line in writer.stdout]

    async def work(store: CallStore) -> None:
        active = await store.active()
        assert len(active) >= len(done)
        for number in done:
            found = await store.get(f"c{number}")
            assert found is not None
            assert len(found.transcript) == 5

    with_store(tmp_path, work)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_call_that_is_over_can_be_changed(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        await store.add(ended("c1", 1))
        changed = await store.update("c1", lambda kept: replace(kept, session_note="told"))
        assert changed is not None
        assert await store.get("c1") == changed
        assert changed.session_note == "told"
        assert await store.update("c9", lambda kept: kept) is None

    with_store(tmp_path, work)


def test_sessions_are_owed_what_was_said_in_calls_that_are_over(tmp_path: Path) -> None:
    async def work(store: CallStore) -> None:
        for number, note in enumerate(("none", "owed", "told", "owed")):
            await store.add(replace(ended(f"c{number}", number), session_note=note))
        await store.add(call("c9", status=CallStatus.RINGING, session_note="owed"))
        assert ids(await store.owing()) == ["c1", "c3"]

    with_store(tmp_path, work)
