"""Whole calls by another simulator than ours: bad networks, interruptions, keys, abrupt ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from streamdouble.chaos import Impairments
from streamdouble.session import SessionConfig, SessionResult

from server.phone.calls.record import CallRecord
from server.phone.calls.status import CallStatus
from tests.server.phone.service_scene import Agent, Setup, Telephone, number, telephone
from tests.server.phone.streamdouble.double_call import UNSIGNED, DoubleCall, Scenario, clip

NETWORKS = {
    "good": Impairments(),
    "lossy": Impairments(loss=0.1),
    "jittery": Impairments(jitter_ms=20.0),
    "mobile": Impairments(loss=0.05, jitter_ms=15.0),
    "chaos": Impairments(loss=0.3, jitter_ms=20.0),
}
"""Frames are held back one after the other: beyond 20 ms the caller would speak ever slower."""

LONG = " ".join(f"word{index}" for index in range(40))


async def hold(
    phone: Telephone, caller: str, steps: Scenario, network: Impairments | None = None
) -> tuple[SessionResult, CallRecord]:
    config = SessionConfig(
        quiet_period_s=0.5, impairments=network or Impairments(), chaos_seed=int(caller[-4:])
    )
    call = DoubleCall(phone, caller)
    result = await call.talk(steps, config)
    return result, await phone.record(call.sid)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "realtime"])
def test_over_every_network_the_caller_is_understood_and_answered(
    tmp_path: Path, engine: str
) -> None:
    said = clip(tmp_path)
    asks = [{"wait_for": "quiet"}, {"say": said}, {"wait": 1.5}, {"expect": "no_violations"}]

    async def main() -> None:
        setup = Setup(1.0, engine, twilio=UNSIGNED)
        async with telephone(tmp_path, setup) as phone, asyncio.TaskGroup() as tasks:
            calls = {
                name: tasks.create_task(hold(phone, number(index), asks, network))
                for index, (name, network) in enumerate(NETWORKS.items())
            }
        for name, call in calls.items():
            result, record = call.result()
            assert not result.violations, name
            assert not result.failed_expectations, name
            assert result.closed_by is None, name
            assert sorted(result.marks_received) == sorted(result.marks_echoed)
            assert record.status is CallStatus.COMPLETED
            roles = [row.role for row in record.transcript]
            assert roles.count("assistant") == 2, name
            if engine == "local":
                assert "user" in roles, name
        assert calls["chaos"].result()[0].frames_dropped > 10

    asyncio.run(main())


@pytest.mark.slow
def test_interruptions_keys_and_abrupt_ends(tmp_path: Path) -> None:
    said, long, keys, gone = clip(tmp_path), number(0), number(1), number(2)
    agent = Agent({long: LONG})
    interrupts = [
        *({"wait_for": "quiet"}, {"say": said}, {"wait_for": "audio"}, {"wait": 1.6}),
        *({"say": said}, {"wait_for": {"event": "clear", "timeout": 3}}, {"expect": "clear"}),
    ]

    async def main() -> None:
        setup = Setup(1.0, agent=agent, twilio=UNSIGNED)
        async with telephone(tmp_path, setup) as phone, asyncio.TaskGroup() as tasks:
            interrupted = tasks.create_task(hold(phone, long, interrupts))
            presses = [{"wait_for": "quiet"}, {"dtmf": "12#"}, {"wait": 1.0}]
            pressed = tasks.create_task(hold(phone, keys, presses))
            abrupt = tasks.create_task(
                hold(phone, gone, [{"wait_for": "audio"}, {"wait": 0.3}, "hangup"])
            )
        result, record = interrupted.result()
        assert not result.failed_expectations
        assert result.clears_received >= 1
        assert record.metrics.barge_ins >= 1
        result, record = pressed.result()
        assert not result.violations
        assert "(keys 12#)" in [row.text for row in record.transcript]
        _, record = abrupt.result()
        assert record.status is CallStatus.COMPLETED
        assert record.transcript[0].interrupted

    asyncio.run(main())
