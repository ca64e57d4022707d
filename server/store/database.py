"""One SQLite file, and the one thread that works on it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from server.store.errors import StoreError
from server.store.migrations import migrate

FILE_NAME = "openclaw-voice.db"

_LOCK_PATIENCE = 1.0
"""Seconds to wait while another program holds the file."""

Result = TypeVar("Result")


class Works(Protocol):
    """Runs work on the store's file."""

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run ``work`` in a transaction; see :meth:`Database.run`."""


class Database:
    """Runs work on the connection, one piece after the other; made by :func:`open_database`."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, executor: ThreadPoolExecutor
    ) -> None:
        self._path = path
        self._connection = connection
        self._executor = executor

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run ``work`` in a transaction of its own and return what it returns.

        Raises:
            StoreError: The file cannot be read or written; nothing of the work was kept.

        Cancelling drops the result; the work is done all the same.

        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            with self._connection:
                self._connection.execute("BEGIN")
                return work(self._connection)
        except sqlite3.Error as error:
            raise _explained(self._path, error) from error


@asynccontextmanager
async def open_database(folder: Path) -> AsyncIterator[Database]:
    """Open the store's file in ``folder`` and bring it to the newest schema.

    Args:
        folder: Made when it is missing.

    Raises:
        StoreError: The file is damaged, locked, newer than the program, or cannot be written.

    """
    path = folder / FILE_NAME
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="store") as executor:
        connection = await loop.run_in_executor(executor, _connect, path)
        try:
            yield Database(path, connection, executor)
        finally:
            executor.submit(connection.close)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {path.parent} cannot be made ({error.strerror}): choose another data_dir"
        ) from error
    try:
        connection = sqlite3.connect(path, timeout=_LOCK_PATIENCE, isolation_level=None)
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    try:
        # Readers and the writer do not wait for each other, and a power cut loses at most the
        # last turns, never the file.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise _explained(path, error) from error
    except StoreError as error:
        connection.close()
        raise StoreError(f"{path}: {error}") from None
    return connection


def _explained(path: Path, error: sqlite3.Error) -> StoreError:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            advice = "it is damaged: move it away, a new one is made at the next start"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            advice = "another program holds it: close that program"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            advice = "it cannot be written: check the rights of the folder, or change data_dir"
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            advice = "the disk is full or failing"
        case _:
            advice = "this is a fault of this program"
    return StoreError(f"{path}: {error}; {advice}")
