"""Twenty calls at once, where the settings allow them, and where they do not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.phone.calls.config import LimitsConfig
from server.phone.calls.status import CallStatus, EndReason
from tests.peers.twilio import HangUp, Hear, HearEnd, Quiet, Speak
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.service_scene import Setup, number, telephone


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "realtime"])
def test_all_are_greeted_and_answered(tmp_path: Path, engine: str) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(1.0, engine)) as phone:
            steps = [HearEnd(0.8), Speak(speech(0.5)), HearEnd(0.5), HangUp()]
            calls = [await phone.ring_in(*steps, from_=number(index)) for index in range(20)]
            records = [await phone.record(call.sid) for call in calls]
            await phone.idle()
        for call, record in zip(calls, records, strict=True):
            assert (record.status, record.end_reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
            assert not call.errors
            assert not call.stream.violations
            assert not call.performance.timed_out
            assert [row.role for row in record.transcript].count("assistant") == 2

    asyncio.run(main())


def test_beyond_the_limit_they_hear_the_busy_tone_and_those_who_talk_go_on(tmp_path: Path) -> None:
    limits = LimitsConfig(concurrent_calls=3, total={}, per_number={})

    async def main() -> None:
        async with telephone(tmp_path, Setup(limits=limits)) as phone:
            steps = [Hear(0.2), Quiet(1.0), HangUp()]
            calls = [await phone.ring_in(*steps, from_=number(index)) for index in range(20)]
            for call in calls:
                await call.over()
            await phone.idle()
            talked = [call for call in calls if call.streams]
            assert len(talked) == 3
            assert {call.rejected for call in calls if not call.streams} == {"busy"}
            for call in talked:
                assert (await phone.record(call.sid)).end_reason is EndReason.HUNG_UP

    asyncio.run(main())
