"""The rooms of all guilds after a restart, or when Discord forgot the bot; in virtual time."""

from __future__ import annotations

import asyncio
import logging

import discord
import pytest

from discord_bot.commands import JoinError
from discord_bot.support import GuildChoices
from tests.discord_bot.guilds_scene import Scene, outcome
from tests.discord_bot.rooms_scene import GUILD, ScriptedLines, ScriptedSupport, refused
from tests.virtual_time import run


def remembered(*guilds: int) -> ScriptedSupport:
    """Return a service that remembers the first channel of guilds."""
    channels = {GUILD: 700, 6: 800}
    return ScriptedSupport({id_: GuildChoices(channel_id=channels[id_]) for id_ in guilds})


def test_after_a_restart_it_comes_back_everywhere():
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=5.0), remembered(GUILD, 6))
        async with scene.rooms() as rooms:
            await rooms.come_back()
            await asyncio.sleep(6.0)  # the guilds do not wait for each other
            assert rooms.find(GUILD)
            assert rooms.find(6)

    run(test())


def test_coming_back_is_tried_until_it_succeeds():
    async def test() -> None:
        scene = Scene(ScriptedLines([refused()] * 3), remembered(GUILD))
        async with scene.rooms() as rooms:
            await rooms.come_back()
            await asyncio.sleep(1 + 2 + 5 + 1)
            assert scene.tried == [700] * 4
            assert rooms.find(GUILD)

    run(test())


def test_who_calls_it_while_it_tries_to_come_back_is_told_how_it_goes():
    async def test() -> None:
        scene = Scene(ScriptedLines([refused(), refused()]), remembered(GUILD))
        async with scene.rooms() as rooms:
            await rooms.come_back()
            await asyncio.sleep(0.5)
            with pytest.raises(JoinError, match="did not let me in"):
                await rooms.join(scene.lounge)

    run(test())


def test_it_does_not_come_back_where_nobody_wants_it_or_the_channel_is_gone():
    async def test() -> None:
        scene = Scene(support=remembered(6))
        del scene.other.channels[800]
        async with scene.rooms() as rooms:
            await rooms.come_back()
            await asyncio.sleep(1.0)
            assert scene.tried == []

    run(test())


def test_it_does_not_come_back_where_it_may_not(caplog):
    async def test() -> None:
        scene = Scene(support=remembered(GUILD))
        scene.lounge.rights = discord.Permissions.none()
        async with scene.rooms() as rooms:
            await rooms.come_back()
            await asyncio.sleep(1.0)
            assert scene.tried == []

    with caplog.at_level(logging.WARNING):
        run(test())
    assert "not coming back: I may not talk in **Lounge**" in caplog.text


def test_a_connection_that_lives_is_left_alone():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            room = await rooms.join(scene.lounge)
            scene.guild.voice_client = object()
            await rooms.come_back()
            assert rooms.find(GUILD) is room

    run(test())


def test_a_connection_that_discord_forgot_is_made_anew_where_it_was():
    async def test() -> None:
        scene = Scene()
        async with scene.rooms() as rooms:
            room = await rooms.join(scene.lounge)
            scene.lines.line.channel = scene.office  # moved
            await rooms.come_back()
            await asyncio.sleep(1.0)
            assert scene.tried == [700, 701]
            assert rooms.find(GUILD) is not room

    run(test())


def test_who_called_it_is_not_disturbed_by_its_coming_back():
    async def test() -> None:
        scene = Scene(ScriptedLines(entering=1.0), remembered(GUILD))
        async with scene.rooms() as rooms:
            joining = asyncio.create_task(rooms.join(scene.office))
            await asyncio.sleep(0.5)
            await rooms.come_back()
            assert await outcome(joining) == "Office"
            assert scene.tried == [701]

    run(test())


def test_where_it_is_not_to_come_back_it_forgets_where_it_was():
    async def test() -> None:
        scene = Scene(support=remembered(GUILD, 6))
        async with scene.rooms() as rooms:
            await rooms.join(scene.office)
            await rooms.stay_away()
            assert (scene.support.wanted(), scene.support.wanted(6)) == (701, None)

    run(test())
