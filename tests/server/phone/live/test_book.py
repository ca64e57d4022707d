"""What of a call is written down."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.phone.engines.engine import AgentSaid, CallerSaid, ToolUsed
from server.phone.live.book import CallBook
from tests.server.phone.calls.call_records import call
from tests.server.phone.live.phone_scene import telephone


def test_words_of_which_none_was_heard_are_not_written_down(tmp_path: Path) -> None:
    async def main() -> None:
        async with telephone(tmp_path) as phone:
            record = call()
            await phone.store.add(record)
            book = CallBook(phone.kit, record)
            book.tell(AgentSaid(0.0, "Hello, this is Jarvis.", "", 0.0, interrupted=True))
            book.tell(CallerSaid(1.0, "What time is it?"))
            book.tell(ToolUsed(2.0, "calendar", "", 0.1))
            book.tell(AgentSaid(3.0, "It is noon.", "It is", 0.5, interrupted=True))
            book.end_rows()
            await book.keep_rows()
            kept = await phone.store.get(record.id)
            assert kept is not None
            assert [(row.text, row.tool) for row in kept.transcript] == [
                ("What time is it?", None),
                ("", "calendar"),
                ("It is", None),
            ]

    asyncio.run(main())
