"""OpenClaw sessions are told what was said in calls that they did not hear."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pipeline.errors import AgentError
from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus
from server.phone.calls.store import CallStore
from server.phone.live.session_notes import PAUSES, SessionNotes
from tests.server.phone.live.over_calls import (
    KEY,
    PatientClock,
    keep,
    over,
    until,
    with_store,
    working,
)


class Gateway:
    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.told: list[tuple[str, str, str]] = []
        self.tries = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, session_key: str, text: str, *, idempotency_key: str) -> None:
        self.tries += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.tries <= self.away:
            raise AgentError("the gateway is away")
        self.told.append((session_key, text, idempotency_key))


class Told(list[CallRecord]):
    """What was told of, with the notes that tell it."""

    def __init__(self, store: CallStore, gateway: Gateway) -> None:
        super().__init__()
        self.clock = PatientClock()
        self.notes = SessionNotes(store, self.clock, gateway, self.append)

    async def all(self, count: int) -> None:
        async def there() -> bool:
            return len(self) == count

        await until(there)


def test_a_session_is_told_once_and_it_stands_in_the_record(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        gateway = Gateway()
        told = Told(store, gateway)
        record = await keep(store, over())
        async with working(told.notes.run()):
            told.notes.call_over(record)
            told.notes.call_over(record)
            await told.all(1)
        [(key, text, once)] = gateway.told
        assert (key, once) == (KEY, "call-note-c1")
        assert "Remember 42." in text
        kept = await store.get("c1")
        assert kept is not None
        assert kept.session_note == "told"
        assert kept.transcript
        assert await store.owing() == []

    with_store(tmp_path, test)


def test_calls_of_before_are_told_when_the_service_starts_and_running_ones_are_not(
    tmp_path: Path,
) -> None:
    async def test(store: CallStore) -> None:
        gateway = Gateway()
        told = Told(store, gateway)
        await keep(store, over())
        await keep(store, over("c2", status=CallStatus.IN_PROGRESS, ended_at=None))
        await keep(store, over("c3", session_note="told"))
        await keep(store, over("c4", session_note="none"))
        async with working(told.notes.run()):
            await told.all(1)
        assert [key for _, _, key in gateway.told] == ["call-note-c1"]

    with_store(tmp_path, test)


def test_while_the_gateway_is_away_it_is_tried_again_with_longer_pauses(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        gateway = Gateway(away=3)
        told = Told(store, gateway)
        await keep(store, over())
        async with working(told.notes.run()):
            await told.all(1)
        assert told.clock.pauses == list(PAUSES[:3])
        assert len(gateway.told) == 1

    with_store(tmp_path, test)


def test_what_cannot_be_told_is_left_for_the_next_start(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        await keep(store, over())
        gateway = Gateway(away=len(PAUSES) + 1)
        first = Told(store, gateway)

        async def given_up() -> bool:
            return len(first.clock.pauses) == len(PAUSES) and not gateway.at_once

        async with working(first.notes.run()):
            await until(given_up)
        assert [record.session_note for record in await store.owing()] == ["owed"]
        second = Told(store, gateway)
        async with working(second.notes.run()):
            await second.all(1)
        assert len(gateway.told) == 1

    with_store(tmp_path, test)


def test_many_are_told_a_few_at_a_time(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        gateway = Gateway()
        told = Told(store, gateway)
        for number in range(10):
            await keep(store, over(f"c{number}"))
        async with working(told.notes.run()):
            await told.all(10)
        assert gateway.most_at_once <= 2

    with_store(tmp_path, test)


def test_a_call_in_which_nothing_was_said_needs_no_note(tmp_path: Path) -> None:
    async def test(store: CallStore) -> None:
        gateway = Gateway()
        told = Told(store, gateway)
        await keep(store, over(), words="")
        async with working(told.notes.run()):
            await told.all(1)
        assert not gateway.told
        assert [record.session_note for record in told] == ["none"]

    with_store(tmp_path, test)


def test_a_bug_costs_its_own_note_and_no_other(tmp_path: Path, caplog) -> None:
    class Broken(Gateway):
        async def __call__(self, session_key: str, text: str, *, idempotency_key: str) -> None:
            if idempotency_key == "call-note-c1":
                raise RuntimeError("nobody foresaw this")
            await super().__call__(session_key, text, idempotency_key=idempotency_key)

    async def test(store: CallStore) -> None:
        told = Told(store, Broken())
        await keep(store, over())
        await keep(store, over("c2"))
        async with working(told.notes.run()):
            await told.all(1)
        assert [record.id for record in told] == ["c2"]
        assert "nobody foresaw this" in caplog.text

    with_store(tmp_path, test)
