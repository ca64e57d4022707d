"""One guild's room: how it is entered, kept, come back to and left; in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from discord_bot.commands import JoinError
from discord_bot.line import Ending
from discord_bot.room import Room
from discord_bot.support import AgentChoice, GuildChoices, SupportError
from tests.discord_bot.rooms_scene import (
    GUILD,
    LOUNGE,
    OFFICE,
    ScriptedLines,
    ScriptedSupport,
    refused,
    turn,
)
from tests.virtual_time import run


@asynccontextmanager
async def staying(room: Room) -> AsyncIterator[asyncio.Task[None]]:
    """Let the bot stay in a room; it leaves at the end of the block."""
    stay = asyncio.create_task(room.stay())
    try:
        yield stay
    finally:
        stay.cancel()
        with suppress(asyncio.CancelledError):
            await stay


def pauses(lines: ScriptedLines) -> list[float]:
    """Return the seconds between attempts."""
    at = [time for time, _ in lines.attempts]
    return [round(after - before, 3) for before, after in itertools.pairwise(at)]


def test_once_inside_it_is_open_and_remembered():
    async def test() -> None:
        lines, support = ScriptedLines(entering=2.0), ScriptedSupport()
        room = Room(LOUNGE, lines, support)
        async with staying(room):
            await asyncio.sleep(1.0)
            assert not room.is_open
            assert room.report() == ["The voice connection is being made"]
            await room.entered
            assert room.is_open
            assert (room.channel_name, room.agent) == ("Lounge", AgentChoice("jarvis", "Jarvis"))
            assert room.report() == ["Heard nobody yet"]
            assert support.wanted() == LOUNGE.id
        assert not room.is_open
        assert lines.inside == support.open == set()
        assert support.wanted() == LOUNGE.id  # leaving by itself forgets nothing

    run(test())


def test_agent_and_sensitivity_are_the_guilds():
    async def test() -> None:
        support = ScriptedSupport({GUILD: GuildChoices("sage", "low")})
        room = Room(LOUNGE, ScriptedLines(), support)
        async with staying(room):
            await room.entered
            assert (room.agent.name, room.sensitivity) == ("Sage", "low")
            room.sensitivity = "high"
            assert room.sensitivity == "high"
            assert await room.choose_agent("jarvis") == AgentChoice("jarvis", "Jarvis")
            assert room.agent.id == "jarvis"

    run(test())


def test_a_closed_room_says_that_it_is_coming_or_going():
    async def test() -> None:
        room = Room(LOUNGE, ScriptedLines(), ScriptedSupport())
        with pytest.raises(SupportError, match="coming or going"):
            _ = room.agent

    run(test())


def test_a_broken_connection_is_made_again_after_longer_and_longer_pauses():
    async def test() -> None:
        lines, support = ScriptedLines(lasts=0.0), ScriptedSupport()
        room = Room(LOUNGE, lines, support)
        async with staying(room):
            await asyncio.sleep(300)
        assert pauses(lines)[:8] == [1, 2, 5, 10, 30, 60, 60, 60]
        assert len(support.opened) == 1  # agent, voice and models stayed

    run(test())


def test_a_connection_that_was_steady_is_made_again_at_once():
    async def test() -> None:
        lines = ScriptedLines(lasts=59.0)
        async with staying(Room(LOUNGE, lines, ScriptedSupport())):
            await asyncio.sleep(200)
            lines.lasts = 60.0
            await asyncio.sleep(400)
        assert pauses(lines)[:3] == [60, 61, 64]  # with the 59 s that each lasted
        assert pauses(lines)[-3:] == [61, 61, 61]

    run(test())


@pytest.mark.parametrize("why", [Ending.LOST, Ending.DEAF, None])
def test_it_comes_back_whatever_broke_the_connection(why: Ending | None):
    async def test() -> None:
        lines = ScriptedLines()
        room = Room(LOUNGE, lines, ScriptedSupport())
        async with staying(room):
            await room.entered
            if why is None:
                lines.line.close()
            else:
                lines.line.end(why)
            await asyncio.sleep(0.5)
            assert room.is_open
            assert room.report() == ["The voice connection is being made"]
            await asyncio.sleep(1.0)
            assert len(lines.attempts) == 2
            assert room.report() == ["Heard nobody yet"]

    run(test())


def test_sent_away_it_stays_away():
    async def test() -> None:
        lines, support = ScriptedLines(), ScriptedSupport(closing=5.0)
        room = Room(LOUNGE, lines, support)
        async with staying(room) as stay:
            await room.entered
            lines.line.end(Ending.SENT_AWAY)
            await asyncio.sleep(1.0)
            assert not room.is_open  # though all is not taken down yet
            await stay
        assert len(lines.attempts) == 1
        assert support.wanted() is None

    run(test())


def test_a_first_attempt_that_fails_is_told_and_not_repeated():
    async def test() -> None:
        lines, support = ScriptedLines([refused()]), ScriptedSupport()
        room = Room(LOUNGE, lines, support)
        async with staying(room) as stay:
            with pytest.raises(JoinError, match="did not let me in"):
                await room.entered
            await stay
        assert len(lines.attempts) == 1
        assert not room.is_open
        assert support.wanted() is None

    run(test())


def test_while_a_failed_room_is_taken_down_it_is_not_open():
    async def test() -> None:
        room = Room(LOUNGE, ScriptedLines([refused()]), ScriptedSupport(closing=5.0))
        async with staying(room):
            with pytest.raises(JoinError):
                await room.entered
            assert not room.is_open
            assert not room.leads_to(LOUNGE)

    run(test())


def test_later_attempts_that_fail_are_repeated():
    async def test() -> None:
        lines = ScriptedLines([None, refused(), refused()], lasts=10.0)
        room = Room(LOUNGE, lines, ScriptedSupport())
        async with staying(room):
            await asyncio.sleep(10 + 1 + 2 + 5 + 1)
            assert pauses(lines) == [11, 2, 5]
            assert room.is_open

    run(test())


def test_what_the_service_lacks_is_told():
    async def test() -> None:
        support = ScriptedSupport(opening=[SupportError("I cannot hear: no model")])
        lines = ScriptedLines()
        room = Room(LOUNGE, lines, support)
        async with staying(room) as stay:
            with pytest.raises(JoinError, match="cannot hear"):
                await room.entered
            await stay
        assert lines.attempts == []

    run(test())


def test_where_it_was_before_nothing_ends_the_attempts(caplog):
    async def test() -> None:
        lines = ScriptedLines([refused(), refused()])
        support = ScriptedSupport(opening=[SupportError("I am still getting ready"), None])
        room = Room(LOUNGE, lines, support, returning=True)
        began = asyncio.get_running_loop().time()
        async with staying(room):
            await room.entered
            assert asyncio.get_running_loop().time() - began == 1 + 2 + 5
            assert room.is_open

    with caplog.at_level(logging.WARNING):
        run(test())
    assert "still getting ready; trying again" in caplog.text
    assert "did not let me in; trying again" in caplog.text


def test_a_bug_is_told_to_whoever_waits():
    async def test() -> None:
        room = Room(LOUNGE, ScriptedLines([ZeroDivisionError()]), ScriptedSupport())
        stay = asyncio.create_task(room.stay())
        with pytest.raises(JoinError, match="Something went wrong on my side"):
            await room.entered
        with pytest.raises(ZeroDivisionError):
            await stay

    run(test())


@pytest.mark.parametrize("when", [0.5, 1.5, 2.5])
def test_cancelled_at_any_time_it_leaves_and_tells(when: float):
    async def test() -> None:
        lines, support = ScriptedLines(entering=1.0, lasts=1.0), ScriptedSupport()
        room = Room(LOUNGE, lines, support)
        async with staying(room):
            await asyncio.sleep(when)
        assert room.entered.done()
        assert lines.inside == support.open == set()

    run(test())


def test_where_it_was_moved_it_comes_back_to():
    async def test() -> None:
        lines, support = ScriptedLines(), ScriptedSupport()
        room = Room(LOUNGE, lines, support)
        async with staying(room):
            await room.entered
            lines.line.channel = OFFICE
            assert (room.channel_name, support.channel_id()) == ("Office", OFFICE.id)
            lines.line.end(Ending.LOST)
            await asyncio.sleep(2.0)
            assert [where for _, where in lines.attempts] == [LOUNGE.id, OFFICE.id]
            assert support.wanted() == OFFICE.id
        assert room.channel_name == "Office"

    run(test())


def test_it_leads_to_its_channel_while_that_is_so():
    async def test() -> None:
        lines = ScriptedLines(entering=1.0)
        room = Room(LOUNGE, lines, ScriptedSupport())
        async with staying(room):
            await asyncio.sleep(0.5)
            assert room.leads_to(LOUNGE)
            assert not room.leads_to(OFFICE)
            await room.entered
            assert room.leads_to(LOUNGE)
            lines.line.end(Ending.LOST)
            await asyncio.sleep(0.5)
            assert not room.leads_to(LOUNGE)  # who asks now is to be told how it goes

    run(test())


def test_on_its_way_back_it_does_not_count_for_whoever_asks():
    async def test() -> None:
        room = Room(LOUNGE, ScriptedLines([refused()]), ScriptedSupport(), returning=True)
        async with staying(room):
            await asyncio.sleep(0.5)
            assert not room.leads_to(LOUNGE)

    run(test())


def test_the_last_answers_are_reported_the_newest_first():
    async def test() -> None:
        support = ScriptedSupport()
        room = Room(LOUNGE, ScriptedLines(), support)
        async with staying(room):
            await room.entered
            for number in range(1, 6):
                room._receive_turn(turn(number))
            room._receive_turn(turn(6, addressed=False))
            heard, heading, *times = room.report()
            assert (heard, heading) == ("Heard nobody yet", "Last answers:")
            assert [line.strip("`").split()[-2] for line in times] == ["5", "4", "3"]
            assert len(support.records) == 6

    run(test())


def test_giving_up_after_the_arrival_changes_nothing():
    async def test() -> None:
        room = Room(LOUNGE, ScriptedLines(), ScriptedSupport())
        async with staying(room):
            await room.entered
            room.give_up("too late")
            await room.entered
            assert room.is_open

    run(test())


def test_corrections_move_the_guilds_leaning_and_teach_names():
    async def test() -> None:
        support = ScriptedSupport()
        room = Room(LOUNGE, ScriptedLines(), support)
        async with staying(room):
            await room.entered
            relevance = room._opened().cast.relevance
            assert relevance is not None
            ignored = replace(turn(1, addressed=False), text="darvish what time is it", why="no")
            answered = replace(turn(2), why="in conversation")
            await room.correct(ignored, right=False)
            assert (relevance.leaning, support.kept[GUILD].leaning) == (0.5, 0.5)
            assert relevance.variants.learnt() == {"jarvis": ["darvish"]}
            await room.correct(ignored, right=True)
            await room.correct(turn(3), right=False)  # it was named
            assert relevance.leaning == 0.5
            await room.correct(answered, right=False)
            assert support.kept[GUILD].leaning == 0.0

    run(test())
