"""The telephone as the service runs it, with callers who may leave a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.cast import Persona
from pipeline.clock import Clock
from pipeline.config import PipelineConfig
from pipeline.engines import Engines
from server.phone.calls.config import InboundConfig
from server.phone.calls.record import CallRecord
from server.phone.engines.local_session import Surroundings
from server.phone.messages.engine import MessageEngine
from tests.peers.twilio import Call
from tests.server.phone.service_scene import (
    Agent,
    Ears,
    Recogniser,
    Setup,
    Speaker,
    Telephone,
    telephone,
)

SPEECH = Path(__file__).parents[4] / "models" / "fixture" / "clips" / "ann-weather.flac"
WORDS = "please call me back"

Edit = Callable[[Engines], Engines]


def inbound(**changes: Any) -> InboundConfig:
    """Return settings by which strangers may leave a message; sentences are short."""
    settings = {
        "policy": "allowlist",
        "unknown_callers": "message",
        "message_prompt": "Leave a message.",
        "message_silence": 2.0,
    }
    return InboundConfig(**(settings | changes))


def engine_maker(
    setup: Setup, recogniser: Any, ears: Any = None
) -> Callable[[Clock, datetime], MessageEngine]:
    def make(clock: Clock, began: datetime) -> MessageEngine:
        engines = Engines(ears or Ears(), None, recogniser, setup.agent, Speaker(0.1))
        around = Surroundings(engines, PipelineConfig(), setup.limits, clock, began, lambda _: None)
        return MessageEngine(around, lambda one: Persona(one, one.title(), "deep"), setup.inbound)

    return make


def setup_of(*, recogniser: Any = None, ears: Any = None, speed: float = 4.0, **more: Any) -> Setup:
    setup = Setup(speed=speed, agent=Agent(), **({"inbound": inbound()} | more))
    setup.parts["messages"] = engine_maker(setup, recogniser or Recogniser(WORDS), ears)
    return setup


@asynccontextmanager
async def message_phone(folder: Path, setup: Setup | None = None) -> AsyncIterator[Telephone]:
    async with telephone(folder, setup or setup_of()) as phone:
        yield phone
        assert not phone.agent.asked


async def written(phone: Telephone, call: Call | str) -> CallRecord:
    """Wait until a message is written down; return its call with the transcript."""
    name = call if isinstance(call, str) else call.sid
    async with asyncio.timeout(30):
        while True:
            record = await phone.store.get(name)
            if record is not None and record.message and record.message.text is not None:
                return record
            await asyncio.sleep(0.01)
