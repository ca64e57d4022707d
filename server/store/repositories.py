"""What is kept, one class a subject, each over the same database."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.turn_record import TurnRecord
from server.store.database import Database


class Turns:
    """Every finished turn, in the order in which they ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: TurnRecord) -> None:
        """Keep a turn; one that is there already is replaced.

        Raises:
            StoreError: It could not be written.

        Cancelling does not undo it.

        """
        values = (
            record.id,
            record.conversation,
            record.speaker_id,
            datetime.fromisoformat(record.at).timestamp(),
            json.dumps(record.to_json(), ensure_ascii=False),
        )

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO turns (id, conversation, speaker_id, at, record)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                values,
            )

        await self._database.run(insert)

    async def newest(
        self, *, limit: int, before: str | None = None, conversation: str | None = None
    ) -> list[dict[str, Any]]:
        """Return turn records, the one that ended last first.

        Args:
            limit: How many at most.
            before: Only older ones than this: the id of a turn, or an RFC 3339 time.
            conversation: Only those of this conversation.

        Raises:
            ValueError: ``before`` is neither.
            StoreError: The store cannot be read.

        Cancelling is safe.

        """

        def select(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            conditions, values = _older(connection, before)
            if conversation is not None:
                conditions.append("conversation = ?")
                values.append(conversation)
            where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
            rows = connection.execute(
                f"SELECT record FROM turns {where} ORDER BY number DESC LIMIT ?",  # noqa: S608 - fixed words
                (*values, limit),
            )
            return [json.loads(record) for (record,) in rows]

        return await self._database.run(select)

    async def last_session(self, speaker_id: str, kind: str) -> str | None:
        """Return the session of the last turn that somebody had an answer to.

        Args:
            speaker_id: Whose turn, as the conversation knows them.
            kind: In which conversations: ``guild`` for those on Discord.

        Raises:
            StoreError: The store cannot be read.

        Cancelling is safe.

        """

        def select(connection: sqlite3.Connection) -> str | None:
            found = connection.execute(
                "SELECT json_extract(record, '$.session_key') FROM turns"
                " WHERE speaker_id = ? AND conversation GLOB ?"
                " AND json_extract(record, '$.session_key') IS NOT NULL"
                " ORDER BY number DESC LIMIT 1",
                (speaker_id, f"{kind}:*"),
            ).fetchone()
            return None if found is None else str(found[0])

        return await self._database.run(select)


def _older(connection: sqlite3.Connection, before: str | None) -> tuple[list[str], list[Any]]:
    if before is None:
        return [], []
    found = connection.execute("SELECT number FROM turns WHERE id = ?", (before,)).fetchone()
    if found is not None:
        return ["number < ?"], [found[0]]
    return ["at < ?"], [datetime.fromisoformat(before).timestamp()]


class GuildSettings:
    """What each Discord guild chose for itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: str) -> dict[str, Any]:
        """Return a guild's choices by name. Cancelling is safe.

        Raises:
            StoreError: The store cannot be read.

        """

        def select(connection: sqlite3.Connection) -> dict[str, Any]:
            rows = connection.execute(
                "SELECT name, value FROM guild_settings WHERE guild_id = ?", (guild_id,)
            )
            return {name: json.loads(value) for name, value in rows}

        return await self._database.run(select)

    async def set(self, guild_id: str, name: str, value: Any) -> None:
        """Keep a choice; ``None`` forgets it. Cancelling does not undo it.

        Raises:
            StoreError: It could not be written.

        """

        def change(connection: sqlite3.Connection) -> None:
            if value is None:
                connection.execute(
                    "DELETE FROM guild_settings WHERE guild_id = ? AND name = ?", (guild_id, name)
                )
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO guild_settings VALUES (?, ?, ?)",
                    (guild_id, name, json.dumps(value)),
                )

        await self._database.run(change)


class Consent:
    """Who agreed to what."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def given(self, person: str, purpose: str) -> bool | None:
        """Return what a person last said; ``None`` when never asked. Cancelling is safe.

        Args:
            person: ``discord:<user id>`` or ``phone:<number>``.
            purpose: What it is about, such as ``recording``.

        Raises:
            StoreError: The store cannot be read.

        """

        def select(connection: sqlite3.Connection) -> bool | None:
            row = connection.execute(
                "SELECT granted FROM consent WHERE person = ? AND purpose = ?", (person, purpose)
            ).fetchone()
            return None if row is None else bool(row[0])

        return await self._database.run(select)

    async def answer(self, person: str, purpose: str, *, granted: bool, at: datetime) -> None:
        """Keep what a person said. Cancelling does not undo it.

        Raises:
            StoreError: It could not be written.

        """
        values = (person, purpose, int(granted), at.timestamp())

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO consent VALUES (?, ?, ?, ?)", values)

        await self._database.run(change)


@dataclass(frozen=True, slots=True)
class Store:
    """All of them, over one database."""

    turns: Turns
    guild_settings: GuildSettings
    consent: Consent
    database: Database
    """For what has repositories of its own over it, as calls have in :mod:`server.phone`."""

    @classmethod
    def over(cls, database: Database) -> Store:
        """Make them."""
        return cls(Turns(database), GuildSettings(database), Consent(database), database)
