"""A telephone that cannot work: it says why, tries again, and never ends the service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.parts import PartState
from server.phone.calls.people import People
from server.phone.calls.store import CallStore
from server.phone.config_providers import PublicConfig
from server.phone.live.own_numbers import PhoneAgent
from server.phone.part import PhonePart, PhoneParts
from server.store.database import open_database
from tests.peers.twilio import FakeTwilio
from tests.server.phone.live.phone_scene import BASE, ScriptedEngine
from tests.server.phone.test_part import settings


@asynccontextmanager
async def with_tasks_of_its_own() -> AsyncIterator[None]:
    """What calls need, as the service has it: held by a TaskGroup, which packs errors."""
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(asyncio.Event().wait())
        try:
            yield
        finally:
            keeping.cancel()


def test_a_port_that_is_taken_is_a_status_whatever_holds_what_calls_need(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            public = PublicConfig(base_url=BASE, port=other.getsockname()[1])
            async with FakeTwilio() as twilio, open_database(tmp_path) as database:
                parts = PhoneParts(
                    PhoneAgent("jarvis", "Jarvis"),
                    People([]),
                    CallStore(database),
                    lambda clock, _: ScriptedEngine(clock),
                    tmp_path / "recordings",
                    ready=with_tasks_of_its_own,
                )
                part = PhonePart(settings(twilio, public=public), parts)
                async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
                    running = tasks.create_task(part.run())
                    while part.status().state is PartState.STARTING:  # noqa: ASYNC110 - the part's
                        await asyncio.sleep(0.01)
                    assert part.status().state is PartState.FAILED
                    assert "in use" in part.status().message
                    assert not running.done()
                    running.cancel()

    asyncio.run(main())
