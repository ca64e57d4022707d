"""Callers whose network loses sound, or holds it back and lets it come in bursts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.peers.twilio import HangUp, HearEnd, Network, Speak
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.service_scene import Setup, number, pause, telephone

NETWORKS = (
    *(Network(), Network(jitter=0.1), Network(jitter=0.2), Network(jitter=0.4)),
    *(Network(loss=0.1), Network(loss=0.3), Network(loss=0.1, jitter=0.2)),
)


@pytest.mark.parametrize(
    ("engine", "speed"),
    [pytest.param("local", 1.0, marks=pytest.mark.slow), ("realtime", 8.0)],
)
def test_they_are_understood_and_answered(tmp_path: Path, engine: str, speed: float) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(speed, engine)) as phone:
            said = HearEnd(pause(speed))
            steps = [said, Speak(speech(1.2)), said, HangUp()]
            calls = [
                await phone.ring_in(*steps, from_=number(index), network=network)
                for index, network in enumerate(NETWORKS)
            ]
            for call, network in zip(calls, NETWORKS, strict=True):
                record = await phone.record(call.sid)
                assert not call.errors
                assert not call.performance.timed_out, network
                roles = [row.role for row in record.transcript]
                assert roles.count("assistant") == 2, network
                assert bool(call.stream.frames_lost) is bool(network.loss)

    asyncio.run(main())
