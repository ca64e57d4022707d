"""What happens once a call is over, by the telephone's own hands."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from server.phone.calls.files import CallFiles
from server.phone.calls.store import CallStore
from server.phone.live.afterwards import DAY, Afterwards
from server.phone.live.retention import Retention
from tests.server.phone.calls.call_records import NOON
from tests.server.phone.live.over_calls import PatientClock, keep, over, until, with_store, working


def test_the_file_says_that_the_session_was_told_and_every_day_old_calls_go(
    tmp_path: Path,
) -> None:
    async def test(store: CallStore) -> None:
        clock, seen, told = PatientClock(), set(), []

        def now():
            return NOON + timedelta(days=100 if "told" in seen else 10)

        async def tell(session_key: str, text: str, *, idempotency_key: str) -> None:
            told.append(text)

        files = CallFiles(tmp_path / "transcripts")
        retention = Retention(store, files, tmp_path / "sound", 90, 30)
        afterwards = Afterwards(retention, store, clock, now, tell)

        async def forgotten() -> bool:
            path = files.path("c1")
            if path.exists():
                seen.add(json.loads(path.read_text())["sessionNote"])
            return await store.get("c1") is None

        async with working(afterwards.run()):
            afterwards.call_over(await keep(store, over()))
            await until(forgotten)
        assert "told" in seen
        assert len(told) == 1
        assert set(clock.pauses) == {DAY}

    with_store(tmp_path, test)
