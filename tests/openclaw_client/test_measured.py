"""Turns are measured as they pass."""

import asyncio

import pytest

from openclaw_client.errors import RunError
from openclaw_client.measured import TurnTimes, measured
from openclaw_client.runs import ChatState
from openclaw_client.turn import Turn
from tests.openclaw_client.test_turn import LIMITS, Desk, asked, soon


def test_a_turn_that_succeeds_has_all_times():
    async def test() -> TurnTimes:
        times, desk = TurnTimes(), Desk({"runId": "k", "status": "accepted"})
        soon(lambda: desk.say(ChatState.DELTA, "It"), lambda: desk.say(ChatState.FINAL, "It is."))
        assert [piece async for piece in measured(Turn(desk, asked(), LIMITS), times)]
        return times

    times = asyncio.run(test())
    assert (times.turns, times.failed) == (1, 0)
    acknowledged, first = times.acknowledged.summary().p50, times.first_words.summary().p50
    whole = times.whole_reply.summary().p50
    assert acknowledged is not None
    assert first is not None
    assert whole is not None
    assert acknowledged <= first <= whole


def test_a_turn_that_fails_is_counted():
    async def test() -> TurnTimes:
        times, desk = TurnTimes(), Desk({"runId": "k", "status": "accepted"})
        soon(lambda: desk.say(ChatState.ERROR, ""))
        with pytest.raises(RunError):
            await anext(measured(Turn(desk, asked(), LIMITS), times))
        return times

    times = asyncio.run(test())
    assert (times.turns, times.failed) == (1, 1)
    assert times.acknowledged.summary().count == 1
    assert times.first_words.summary().count == times.whole_reply.summary().count == 0
