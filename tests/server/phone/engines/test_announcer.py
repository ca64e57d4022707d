"""Words that answer no turn, when the call is over before they are said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from pipeline.cast import Cast, Persona
from pipeline.clock import LoopClock
from pipeline.config import VadConfig
from pipeline.engines import Engines
from pipeline.interfaces import Participant
from server.phone.engines.announcer import Announced, Announcer
from server.phone.engines.caller_ear import CallerEar
from server.phone.line.transport import PhoneTransport
from tests.server.phone.test_part import Agent, Ears, Recogniser, Speaker


async def words() -> AsyncGenerator[str]:
    yield "Hello, this is Jarvis."


@pytest.mark.parametrize("closes_after", [0.0, 0.05])
def test_who_hangs_up_has_cut_it_short_and_nothing_has_failed(
    caplog: pytest.LogCaptureFixture, closes_after: float
) -> None:
    told: list[Announced] = []

    async def main() -> Announced:
        clock = LoopClock()
        line = PhoneTransport(Participant("+15550001111", "Ann"), clock)
        announcer = Announcer(
            line,
            Engines(Ears(), None, Recogniser(), Agent(), Speaker()),
            Cast({"jarvis": Persona("jarvis", "Jarvis", "default")}, "jarvis", None),
            CallerEar(Ears(), VadConfig()),
            clock,
            told.append,
            0.12,
        )
        closing = clock.call_at(clock.now() + closes_after, line.close)
        if not closes_after:
            line.close()
        try:
            async with asyncio.timeout(10):
                return await announcer.say(words(), "en")
        finally:
            closing.cancel()

    said = asyncio.run(main())
    assert told == [said]
    assert said.interrupted
    assert said.heard == ""
    assert not caplog.records
