"""The routes of the telephone as the service has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.phone.calls.people import People
from server.phone.calls.store import CallStore
from server.phone.config import PhoneConfig
from server.phone.live.own_numbers import PhoneAgent
from server.phone.part import PhonePart, PhoneParts
from server.store.database import open_database
from tests.server.control_scene import GUARDED, TOKEN, control
from tests.server.phone.live.phone_scene import BEN, ScriptedEngine


@asynccontextmanager
async def off(folder: Path) -> AsyncIterator[PhonePart]:
    """Give a telephone that nobody has set up."""
    async with open_database(folder) as database:
        agent, people = PhoneAgent("jarvis", "Jarvis"), People([])
        parts = PhoneParts(
            agent, people, CallStore(database), lambda clock, _: ScriptedEngine(clock), folder
        )
        yield PhonePart(PhoneConfig(), parts)


def test_a_telephone_that_is_off_says_why_and_its_history_is_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with off(tmp_path) as part, control([part]) as client:
            refused = await client.post("/call", json={"to": BEN})
            assert refused.status_code == 503
            assert refused.json()["detail"].startswith("The telephone is off: TWILIO_")
            assert (await client.get("/history")).json() == {"calls": []}
            assert (await client.get("/calls")).json() == {"calls": []}

    asyncio.run(main())


def test_without_the_token_nothing_is_told_of_calls(tmp_path: Path) -> None:
    async def main() -> None:
        async with off(tmp_path) as part, control([part], GUARDED) as client:
            known = {b"authorization": b"Bearer " + TOKEN}
            document = (await client.get("/openapi.json", headers=known)).json()
            routes = [
                (method, path.replace("{", "").replace("}", ""))
                for path, methods in document["paths"].items()
                for method in methods
                if path != "/health"
            ]
            assert ("post", "/call") in routes
            for method, path in routes:
                response = await client.request(method, path)
                assert response.status_code == 401, path

    asyncio.run(main())
