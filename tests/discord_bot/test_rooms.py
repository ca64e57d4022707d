"""The rooms of all guilds: joins that race, leaving, going offline; in virtual time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from discord_bot.commands import JoinError
from discord_bot.line import Ending
from discord_bot.rooms import doorway
from discord_bot.support import GuildChoices
from tests.discord_bot.guilds_scene import ANN, BOT, Scene, Stage, outcome
from tests.discord_bot.rooms_scene import AGENTS, GUILD, ScriptedLines, ScriptedSupport, refused
from tests.virtual_time import run


def test_a_joined_room_is_found_and_shown():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            assert rooms.find(GUILD) is None
            room = await rooms.join(scene.lounge)
            assert rooms.find(GUILD) is room
            assert scene.support.wanted() == 700
            assert rooms.status(GUILD).splitlines() == [
                "In **Lounge**; **Jarvis** answers, sensitivity **medium**",
                "Voice: `default`, speed **1**",
                "Heard nobody yet",
                "Agents: an echo",
            ]
            assert rooms.status(6).splitlines() == [
                "I am in no voice channel here. `/join` brings me into yours.",
                "Agents: an echo",
            ]

    run(test())


def test_joining_where_it_is_changes_nothing():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            room = await rooms.join(scene.lounge)
            assert await rooms.join(scene.lounge) is room
            assert scene.tried == [700]

    run(test())


def test_joining_another_channel_leaves_the_first():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            room = await rooms.join(scene.office)
            assert rooms.find(GUILD) is room
            assert scene.lines.inside == {GUILD}
            assert scene.support.wanted() == 701

    run(test())


def test_guilds_do_not_share_a_room():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            await rooms.join(scene.cellar)
            assert scene.lines.inside == {GUILD, 6}
            await rooms.leave(6)
            assert scene.lines.inside == {GUILD}

    run(test())


def test_two_who_ask_for_the_same_channel_at_once_both_get_it():
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=1.0))
        async with scene.rooms() as rooms:
            first = asyncio.create_task(rooms.join(scene.lounge))
            await asyncio.sleep(0.5)
            second = asyncio.create_task(rooms.join(scene.lounge))
            assert await first is await second
            assert scene.tried == [700]

    run(test())


@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_of_two_who_ask_for_different_channels_the_last_gets_it(apart: float):
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=1.0))
        async with scene.rooms() as rooms:
            first = asyncio.create_task(rooms.join(scene.lounge))
            await asyncio.sleep(apart)
            second = asyncio.create_task(rooms.join(scene.office))
            assert await outcome(second) == "Office"
            assert await outcome(first) == "Somebody sent me elsewhere meanwhile."
            assert scene.support.wanted() == 701

    run(test())


def test_who_changes_their_mind_while_the_bot_is_still_leaving_gets_what_they_said_last():
    async def test() -> None:
        scene = Scene(ScriptedLines(leaving=5.0), ScriptedSupport(closing=1.0))
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            leaving = asyncio.create_task(rooms.leave(GUILD))
            await asyncio.sleep(1.0)
            second = asyncio.create_task(rooms.join(scene.office))
            await asyncio.sleep(1.0)
            third = asyncio.create_task(rooms.join(scene.lounge))
            await leaving
            assert await outcome(second) == "Somebody sent me elsewhere meanwhile."
            assert await outcome(third) == "Lounge"
            assert scene.support.wanted() == 700

    run(test())


def test_who_leaves_while_it_is_entering_is_obeyed():
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=1.0))
        async with scene.rooms() as rooms:
            joining = asyncio.create_task(rooms.join(scene.lounge))
            await asyncio.sleep(0.5)
            await rooms.leave(GUILD)
            assert await outcome(joining) == "Somebody sent me elsewhere meanwhile."
            await asyncio.sleep(60.0)
            assert scene.lines.lines == []
            assert scene.support.wanted() is None

    run(test())


def test_a_join_that_nobody_waits_for_any_more_goes_on():
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=1.0))
        async with scene.rooms() as rooms:
            joining = asyncio.create_task(rooms.join(scene.lounge))
            await asyncio.sleep(0.5)
            joining.cancel()
            with pytest.raises(asyncio.CancelledError):
                await joining
            await asyncio.sleep(1.0)
            assert rooms.find(GUILD)

    run(test())


def test_leaving_forgets_the_channel_and_returns_when_it_is_out():
    async def test() -> None:
        scene = Scene(ScriptedLines(leaving=2.0))
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            await rooms.leave(GUILD)
            assert scene.lines.inside == set()
            assert rooms.find(GUILD) is None
            assert scene.support.wanted() is None

    run(test())


def test_leaving_where_it_is_not_forgets_where_it_would_come_back_to():
    async def test() -> None:
        scene = Scene(support=ScriptedSupport({GUILD: GuildChoices(channel_id=700)}))
        async with scene.rooms() as rooms:
            await rooms.leave(GUILD)
            await rooms.come_back()
            await asyncio.sleep(1.0)
            assert scene.tried == []

    run(test())


def test_a_failed_join_leaves_no_room_and_can_be_repeated():
    async def test() -> None:
        scene = Scene(ScriptedLines([refused()]), ScriptedSupport(closing=5.0))
        async with scene.rooms() as rooms:
            with pytest.raises(JoinError, match="did not let me in"):
                await rooms.join(scene.lounge)
            assert rooms.find(GUILD) is None
            assert (await rooms.join(scene.lounge)).is_open

    run(test())


def test_a_bug_in_one_guild_ends_that_room_only(caplog):
    async def test() -> None:
        scene = Scene(ScriptedLines([None, ZeroDivisionError()]))
        async with scene.rooms() as rooms:
            await rooms.join(scene.cellar)
            with pytest.raises(JoinError, match="Something went wrong on my side"):
                await rooms.join(scene.lounge)
            assert rooms.find(6)
            assert rooms.find(GUILD) is None
            assert (await rooms.join(scene.lounge)).is_open

    run(test())
    assert "the conversation broke" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_called_while_the_connection_is_lost_it_tries_at_once_and_tells():
    async def test() -> None:
        scene = Scene(ScriptedLines([None, refused(), refused(), refused()]))
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            scene.lines.line.end(Ending.LOST)
            await asyncio.sleep(1 + 2 + 1)
            assert len(scene.tried) == 3
            with pytest.raises(JoinError, match="did not let me in"):
                await rooms.join(scene.lounge)

    run(test())


def test_sent_away_it_is_found_no_more_and_comes_when_called():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            scene.lines.line.end(Ending.SENT_AWAY)
            await asyncio.sleep(1.0)
            assert rooms.find(GUILD) is None
            assert scene.support.wanted() is None
            assert await rooms.join(scene.lounge)

    run(test())


def test_it_remembers_where_it_was_moved():
    async def test() -> None:
        scene = Scene()
        lounge, office = (state(one) for one in (scene.lounge, scene.office))
        async with scene.rooms() as rooms:
            me, ann = scene.guild.me, SimpleNamespace(id=ANN, guild=scene.guild)
            await rooms.on_voice_state_update(cast("Any", me), lounge, office)
            assert scene.support.wanted() is None  # it was in none
            await rooms.join(scene.lounge)
            await rooms.on_voice_state_update(cast("Any", ann), lounge, office)
            await rooms.on_voice_state_update(cast("Any", me), office, state(None))
            assert scene.support.wanted() == 700
            await rooms.on_voice_state_update(cast("Any", me), lounge, office)
            assert scene.support.wanted() == 701

    run(test())


def state(channel: discord.VoiceChannel | None) -> discord.VoiceState:
    return cast("discord.VoiceState", SimpleNamespace(channel=channel))


def test_removed_from_a_server_it_does_not_try_to_come_back():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            scene.lines.line.end(Ending.LOST)
            await rooms.on_guild_remove(cast("Any", scene.guild))
            await asyncio.sleep(100.0)
            assert scene.tried == [700]
            assert scene.support.wanted() is None

    run(test())


def test_closing_leaves_all_channels_at_once_and_forgets_none():
    async def test() -> None:
        scene = Scene(ScriptedLines(leaving=3.0))
        loop = asyncio.get_running_loop()
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            await rooms.join(scene.cellar)
            began = loop.time()
            closing = asyncio.create_task(rooms.close())
            await asyncio.sleep(1.0)
            with pytest.raises(JoinError, match="going offline"):
                await rooms.join(scene.office)
            await closing
            assert loop.time() - began == 3.0
            assert (scene.support.wanted(), scene.support.wanted(6)) == (700, 800)

    run(test())


def test_who_waits_for_it_when_it_goes_offline_is_told():
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=1.0))
        async with scene.rooms() as rooms:
            joining = asyncio.create_task(rooms.join(scene.lounge))
            await asyncio.sleep(0.5)
            await rooms.close()
            assert "going offline" in await outcome(joining)

    run(test())


def test_leaving_can_be_cancelled():
    async def test() -> None:
        scene = Scene(ScriptedLines(leaving=3.0))
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            leaving = asyncio.create_task(rooms.leave(GUILD))
            await asyncio.sleep(1.0)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving

    run(test())


def test_the_doorway_shows_a_channel_as_the_bot_finds_it():
    scene = Scene()
    scene.lounge.user_limit = 2
    scene.lounge.people = [ANN, BOT]
    scene.lounge.rights = discord.Permissions(view_channel=True, connect=True, move_members=True)
    door = doorway(scene.lounge)
    assert (door.name, door.members, door.limit, door.inside) == ("Lounge", 2, 2, True)
    assert (door.view, door.connect, door.speak, door.voice_activity) == (True, True, False, False)
    assert (door.stage, door.moderator, door.passes_limit) == (False, False, True)


def test_why_it_cannot_enter_a_stage():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            assert "stage moderator" in rooms.refusal(Stage(scene.guild))
            assert rooms.refusal(scene.lounge) == ""

    run(test())


def test_the_choices_of_a_guild_reach_its_room():
    async def test() -> None:
        support = ScriptedSupport({GUILD: GuildChoices(agent="sage", sensitivity="low")})
        scene = Scene(support=support)
        async with scene.rooms() as rooms:
            await rooms.join(scene.lounge)
            assert f"**{AGENTS['sage']}** answers, sensitivity **low**" in rooms.status(GUILD)

    run(test())
