"""Three interruptions in one call: what the agent is said to have been heard was heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.peers.openai_realtime import Say
from tests.peers.twilio import HangUp, Hear, HearEnd, Quiet, Speak
from tests.server.phone.engines.realtime.talking_line import speech
from tests.server.phone.service_scene import Agent, Setup, heard_after_each, pause, telephone

WORD = 0.4
"""Seconds of a word, as people speak."""

WORDS = " ".join(f"word{index}" for index in range(15))


@pytest.mark.parametrize(
    ("engine", "speed"),
    [pytest.param("local", 1.0, marks=pytest.mark.slow), ("local", 8.0), ("realtime", 8.0)],
)
def test_what_was_heard_of_each_is_right_within_one_word(
    tmp_path: Path, engine: str, speed: float
) -> None:
    async def main() -> None:
        long = Say(WORDS, 15 * WORD)
        script = [Say("Hello.", 0.4), long, long, long, Say("Bye.", 0.4)]
        setup = Setup(speed, engine, Agent(reply=WORDS), word=WORD, script=script)
        async with telephone(tmp_path, setup) as phone:
            asks = Speak(speech(0.5))
            steps = [asks, Hear(1.6), asks, Hear(2.2), asks, Hear(1.9), asks]
            call = await phone.ring_in(HearEnd(pause(speed)), *steps, Quiet(1.0), HangUp())
            record = await phone.record(call.sid)
        assert not call.errors
        assert not call.stream.violations
        assert not call.performance.timed_out
        cut = [row for row in record.transcript if row.interrupted][:3]
        ear = heard_after_each(call.stream)[:3]
        for row, seconds in zip(cut, ear, strict=True):
            assert abs(len(row.text.split()) - seconds / WORD) <= 1.0
            assert WORDS.startswith(row.text)

    asyncio.run(main())
