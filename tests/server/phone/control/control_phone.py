"""The control API of a telephone with a scripted engine, over real HTTP, and the fake Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from server.parts import PartState, PartStatus
from server.phone.control.desk import ControlDesk
from server.phone.control.router import phone_router
from server.phone.live.switchboard import Switchboard
from tests.peers.twilio import HangUp, Hear, Person, Quiet
from tests.server.control_scene import Fake, control
from tests.server.phone.live.phone_scene import Phone, Setup, telephone

ANSWERS = [Hear(0.2), HangUp()]
STAYS = [Quiet(30.0)]
VOICES = dict.fromkeys(("sage", "Sage"), "sage")
"""What the engine speaks with, by its names."""


@dataclass
class Running:
    """The telephone as its routes see it."""

    switchboard: Switchboard | None

    def status(self) -> PartStatus:
        if self.switchboard is None:
            return PartStatus(PartState.OFF, "PUBLIC_URL is not set")
        return PartStatus(PartState.OK)


@dataclass
class Controlled:
    """A telephone, and who asks its control API."""

    phone: Phone
    client: httpx.AsyncClient
    running: Running
    recordings: Path

    def answers(self, number: str, steps: list[Any] | None = None) -> None:
        self.phone.twilio.add_person(number, Person(steps or ANSWERS))

    async def call(self, to: str, **more: Any) -> httpx.Response:
        return await self.client.post("/call", json={"to": to, **more})

    async def over(self, call_id: str) -> dict[str, Any]:
        """Wait until a call is over and told; return its record."""
        while self.phone.switchboard.call(call_id) is not None:  # noqa: ASYNC110 - the scene has a limit
            await asyncio.sleep(0.01)
        record: dict[str, Any] = (await self.client.get(f"/history/{call_id}")).json()
        return record


@asynccontextmanager
async def controlled(folder: Path, setup: Setup | None = None) -> AsyncIterator[Controlled]:
    setup = setup or Setup()
    recordings = setup.recordings or folder / "recordings"
    async with telephone(folder, setup) as phone:
        running = Running(phone.switchboard)
        desk = ControlDesk(running, phone.store, recordings, "US", VOICES.get)
        part = Fake("phone", PartState.OK, phone_router(desk))
        async with control([part]) as client:
            yield Controlled(phone, client, running, recordings)
