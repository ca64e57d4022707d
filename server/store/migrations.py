"""The schema of the store, as the steps from one version to the next.

A step is never changed once released: a new version is a new step. ``PRAGMA user_version`` holds
the number of steps that a file has taken.
"""

from __future__ import annotations

import sqlite3

from server.store.errors import StoreError

STEPS: tuple[tuple[str, ...], ...] = (
    # 1: turns. The record as programs get it is kept whole, so that it may gain fields; the
    # columns beside it are what it is looked up by.
    (
        """CREATE TABLE turns (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            conversation TEXT NOT NULL,
            speaker_id TEXT NOT NULL,
            at REAL NOT NULL, -- seconds since 1970, UTC
            record TEXT NOT NULL -- JSON
        ) STRICT""",
        "CREATE INDEX turns_by_conversation ON turns (conversation, number)",
        "CREATE INDEX turns_by_time ON turns (at)",
    ),
    # 2: what guilds chose, calls, and who agreed to what.
    (
        """CREATE TABLE guild_settings (
            guild_id TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL, -- JSON
            PRIMARY KEY (guild_id, name)
        ) STRICT""",
        """CREATE TABLE calls (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
            peer TEXT NOT NULL, -- telephone number of the other side
            status TEXT NOT NULL,
            began REAL NOT NULL, -- seconds since 1970, UTC
            ended REAL,
            record TEXT NOT NULL -- JSON
        ) STRICT""",
        "CREATE INDEX calls_by_time ON calls (began)",
        """CREATE TABLE consent (
            person TEXT NOT NULL, -- discord:<user id> or phone:<number>
            purpose TEXT NOT NULL, -- recording, transcripts
            granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
            at REAL NOT NULL, -- seconds since 1970, UTC
            PRIMARY KEY (person, purpose)
        ) STRICT""",
    ),
    # 3: what calls consist of. Attempts stand by themselves: what was spent counts on when the
    # call itself is forgotten.
    (
        "ALTER TABLE calls ADD COLUMN idempotency_key TEXT",
        """CREATE UNIQUE INDEX calls_by_idempotency_key ON calls (idempotency_key)
            WHERE idempotency_key IS NOT NULL""",
        "CREATE INDEX calls_by_peer ON calls (peer, number)",
        "CREATE INDEX calls_by_status ON calls (status)",
        """CREATE TABLE call_attempts (
            call_id TEXT NOT NULL,
            attempt INTEGER NOT NULL, -- from 1
            provider_id TEXT,
            direction TEXT NOT NULL,
            peer TEXT NOT NULL,
            began REAL NOT NULL, -- seconds since 1970, UTC, as all times
            answered REAL,
            ended REAL,
            seconds REAL, -- billed, once it has ended
            PRIMARY KEY (call_id, attempt)
        ) STRICT""",
        "CREATE INDEX call_attempts_by_time ON call_attempts (began)",
        "CREATE INDEX call_attempts_by_provider_id ON call_attempts (provider_id)",
        """CREATE TABLE call_rows (
            call_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            at REAL NOT NULL,
            row TEXT NOT NULL, -- JSON
            PRIMARY KEY (call_id, number)
        ) STRICT""",
    ),
    # 4: where somebody spoke last, which their calls go on with.
    ("CREATE INDEX turns_by_speaker ON turns (speaker_id, number)",),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema to the newest version; each step happens whole or not at all.

    Safe in several processes at once.

    Args:
        connection: In autocommit mode.

    Raises:
        StoreError: The file comes from a newer version of the program.

    """
    version = _version(connection)
    if version > len(STEPS):
        raise StoreError(
            f"it was written by a newer version of this program (schema {version}, this one knows"
            f" {len(STEPS)}): update the program, or choose another data_dir"
        )
    for number in range(version, len(STEPS)):
        _take(number, connection)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _take(number: int, connection: sqlite3.Connection) -> None:
    """Take a step, unless another process has taken it meanwhile."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == number:
            for statement in STEPS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
