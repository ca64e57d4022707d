"""The store: what is kept comes back, old files are migrated, trouble is told."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from pipeline.turn_record import TurnRecord
from server.store.database import FILE_NAME, open_database
from server.store.errors import StoreError
from server.store.migrations import STEPS, migrate
from server.store.repositories import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Result = TypeVar("Result")


def with_store(folder: Path, work: Callable[[Store], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with open_database(folder) as database:
            return await work(Store.over(database))

    return asyncio.run(run())


def turn(number: int, conversation: str = "demo") -> TurnRecord:
    return TurnRecord(
        id=f"t{number}",
        conversation=conversation,
        at=(NOON + timedelta(minutes=number)).isoformat(),
        speaker="Ann",
        speaker_id="ann",
        start=1.0,
        end=2.0,
        ended_by="smart_turn",
        end_of_turn_probability=0.9,
        text="what time is it in Tromsø",
        language="en",
        addressed=True,
        relevance=1.0,
        why="named",
        agent="jarvis",
        latency_ms={"total": 12},
    )


async def five_turns(store: Store) -> None:
    for number in range(1, 6):
        await store.turns.add(turn(number, "demo" if number % 2 else "guild:1"))


def ids(records: list[dict[str, object]]) -> list[object]:
    return [record["id"] for record in records]


def test_turns_come_back_whole_newest_first(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await five_turns(store)
        records = await store.turns.newest(limit=2)
        assert records[0] == turn(5).to_json()
        assert ids(records) == ["t5", "t4"]

    with_store(tmp_path, work)


def test_turns_are_paged_by_id_and_by_time(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await five_turns(store)
        turns = store.turns
        assert ids(await turns.newest(limit=9, before="t3")) == ["t2", "t1"]
        assert ids(await turns.newest(limit=9, before="2026-03-01T12:02:00Z")) == ["t1"]
        assert ids(await turns.newest(limit=9, before="2026-03-01T13:02:00+01:00")) == ["t1"]
        assert ids(await turns.newest(limit=9, conversation="guild:1")) == ["t4", "t2"]
        assert ids(await turns.newest(limit=9, before="t4", conversation="guild:1")) == ["t2"]
        with pytest.raises(ValueError, match="Invalid isoformat"):
            await turns.newest(limit=9, before="yesterday")

    with_store(tmp_path, work)


def test_a_turn_that_is_there_is_replaced(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.turns.add(turn(1))
        await store.turns.add(turn(1))
        assert len(await store.turns.newest(limit=9)) == 1

    with_store(tmp_path, work)


def test_the_last_session_of_somebody_is_that_of_their_last_answered_turn(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        said = [
            ("ann", "guild:1", "agent:sage:discord:channel:1"),
            ("ann", "guild:2", "agent:sage:discord:channel:2"),
            ("ann", "guild:3", None),  # nobody was asked
            ("ann", "call:c1", "agent:sage:voice:1"),
            ("ben", "guild:1", "agent:sage:discord:channel:3"),
        ]
        for number, (speaker, conversation, key) in enumerate(said):
            one = turn(number, conversation)
            await store.turns.add(replace(one, speaker_id=speaker, session_key=key))
        assert await store.turns.last_session("ann", "guild") == "agent:sage:discord:channel:2"
        assert await store.turns.last_session("cyd", "guild") is None

    with_store(tmp_path, work)


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    with_store(tmp_path, five_turns)
    records = with_store(tmp_path, lambda store: store.turns.newest(limit=9))
    assert len(records) == 5


def test_guild_settings(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        settings = store.guild_settings
        await settings.set("1", "sensitivity", "low")
        await settings.set("1", "channels", [1, 2])
        await settings.set("2", "sensitivity", "high")
        await settings.set("1", "sensitivity", "medium")
        assert await settings.get("1") == {"sensitivity": "medium", "channels": [1, 2]}
        await settings.set("1", "channels", None)
        assert await settings.get("1") == {"sensitivity": "medium"}
        assert await settings.get("3") == {}

    with_store(tmp_path, work)


def test_consent_is_the_last_answer(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        consent = store.consent
        assert await consent.given("discord:1", "recording") is None
        await consent.answer("discord:1", "recording", granted=True, at=NOON)
        assert await consent.given("discord:1", "recording") is True
        await consent.answer("discord:1", "recording", granted=False, at=NOON)
        assert await consent.given("discord:1", "recording") is False
        assert await consent.given("discord:1", "transcripts") is None

    with_store(tmp_path, work)


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
        return [(name, sql) for name, sql in rows]


@pytest.mark.parametrize("version", range(len(STEPS)))
def test_every_older_schema_is_migrated_with_its_turns(tmp_path: Path, version: int) -> None:
    old = tmp_path / "old" / FILE_NAME
    old.parent.mkdir()
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        for statement in itertools.chain.from_iterable(STEPS[:version]):
            connection.execute(statement)
        if version >= 1:
            connection.execute("INSERT INTO turns VALUES (1, 't1', 'demo', 'ann', 0.0, '{}')")
        connection.execute(f"PRAGMA user_version = {version}")
    records = with_store(old.parent, lambda store: store.turns.newest(limit=9))
    assert len(records) == (1 if version >= 1 else 0)
    with_store(tmp_path / "new", five_turns)
    assert schema(old) == schema(tmp_path / "new" / FILE_NAME)


def test_a_step_happens_whole_or_not_at_all() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE calls (mine)")
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(connection)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert "guild_settings" not in {name for (name,) in tables}


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    """Threads stand for them: each has a connection of its own, as a process has."""

    def start(number: int) -> None:
        path = tmp_path / f"{number // 8}.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            together.wait()
            migrate(connection)

    together = threading.Barrier(8)
    with ThreadPoolExecutor(8) as processes:
        assert list(processes.map(start, range(80))) == [None] * 80


def failure(folder: Path, work: Callable[[Store], Awaitable[object]] = five_turns) -> str:
    with pytest.raises(StoreError) as error:
        with_store(folder, work)
    return str(error.value)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    assert "newer version of this program" in failure(tmp_path)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database at all" * 100)
    message = failure(tmp_path)
    assert FILE_NAME in message
    assert "move it away" in message


def test_a_file_damaged_inside_is_told(tmp_path: Path) -> None:
    with_store(tmp_path, five_turns)
    file = tmp_path / FILE_NAME
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    assert "damaged" in failure(tmp_path)


def test_a_locked_file_is_told(tmp_path: Path) -> None:
    with_store(tmp_path, five_turns)
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another program holds it" in failure(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "choose another data_dir" in failure(tmp_path / "file" / "data")
    (tmp_path / FILE_NAME).mkdir()
    assert "it cannot be written" in failure(tmp_path)


def test_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_database(tmp_path) as database:

            def half(connection: sqlite3.Connection) -> None:
                connection.execute("INSERT INTO guild_settings VALUES ('1', 'a', '1')")
                connection.execute("INSERT INTO nowhere VALUES (1)")

            with pytest.raises(StoreError, match="no such table"):
                await database.run(half)
            assert await Store.over(database).guild_settings.get("1") == {}

    asyncio.run(run())
