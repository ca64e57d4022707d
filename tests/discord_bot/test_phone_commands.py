"""``/call`` and ``/hangup``, as people give them on Discord."""

from __future__ import annotations

import asyncio

import pytest

from discord_bot import call_texts, texts
from discord_bot.telephone import Callers
from tests.discord_bot.calls_scene import OTHER, TEXT, Scene, on_discord, scene
from tests.discord_bot.phone_calls import NUMBER, WHO, ScriptedTelephone, call
from tests.peers.discord import FakeUser, Permission
from tests.peers.discord.world import BOT_ID, GUILD_ID, OWNER_ID


def test_without_a_telephone_there_are_no_commands_for_it() -> None:
    async def main() -> None:
        async with scene(None) as set_:
            names = set_.discord.commands.names()
            assert "join" in names
            assert not {"call", "hangup"} & set(names)
            assert await set_.private(set_.ann, "help") == texts.HELP

    asyncio.run(main())


def test_who_manages_the_server_makes_a_call_and_alone_sees_the_number() -> None:
    async def test(set_: Scene) -> None:
        text = await set_.private(set_.ann, "call", number=NUMBER, task="Book a table.")
        assert NUMBER in text
        assert "follow it here" in text
        [wish] = set_.telephone.wishes
        assert (wish.number, wish.task) == (NUMBER, "Book a table.")
        assert (wish.channel_id, wish.asked_by) == (TEXT, "Ann")
        again = await set_.private(set_.ann, "call", number=NUMBER)
        assert NUMBER in again
        assert wish.key != set_.telephone.wishes[1].key

    on_discord(test)


def test_help_tells_of_calls_and_fits_into_a_message() -> None:
    async def test(set_: Scene) -> None:
        assert "**/call**" in await set_.private(set_.ben, "help")

    on_discord(test)


def test_a_stranger_neither_calls_nor_hangs_up_nor_learns_who_is_called() -> None:
    async def test(set_: Scene) -> None:
        set_.begin()
        assert await set_.private(set_.ben, "call", number=NUMBER) == call_texts.NOT_ALLOWED
        assert await set_.private(set_.ben, "hangup") == call_texts.NOT_ALLOWED
        assert await offered(set_, set_.ben, "") == []
        assert not set_.telephone.wishes
        assert not set_.telephone.ended

    on_discord(test)


@pytest.mark.parametrize(
    "callers", [Callers(users=frozenset({2002})), Callers(roles=frozenset({GUILD_ID}))]
)
def test_whom_the_settings_name_may_call(callers: Callers) -> None:
    async def test(set_: Scene) -> None:
        assert NUMBER in await set_.private(set_.ben, "call", number=NUMBER)

    on_discord(test, ScriptedTelephone(callers))


def test_the_owner_of_the_bot_may_call() -> None:
    async def test(set_: Scene) -> None:
        owner = set_.discord.add_user(OWNER_ID, "owner")
        assert NUMBER in await set_.private(owner, "call", number=NUMBER)

    on_discord(test)


def test_why_there_is_no_call_is_told() -> None:
    async def test(set_: Scene) -> None:
        set_.telephone.refuses = "I do not call: nobody may be called now"
        assert await set_.private(set_.ann, "call", number="12") == set_.telephone.refuses

    on_discord(test)


def test_where_the_bot_may_not_write_the_answer_says_so() -> None:
    async def test(set_: Scene) -> None:
        set_.guild.channels[TEXT].denied[BOT_ID] = Permission.SEND_MESSAGES
        assert "may not write here" in await set_.private(set_.ann, "call", number=NUMBER)

    on_discord(test)


def test_hanging_up_means_the_call_that_was_begun_here() -> None:
    async def test(set_: Scene) -> None:
        assert await set_.private(set_.ann, "hangup") == call_texts.NO_CALLS
        set_.telephone.running = [call(id="c0", channel_id=OTHER), call(channel_id=TEXT)]
        assert NUMBER in await set_.private(set_.ann, "hangup")
        assert set_.telephone.ended == ["c1"]

    on_discord(test)


def test_where_it_is_not_clear_which_call_is_meant_all_are_listed() -> None:
    async def test(set_: Scene) -> None:
        set_.telephone.running = [call(id="c0", who="Ben"), call()]
        listed = await set_.private(set_.ann, "hangup")
        assert "- Ben, dialling, `c0`" in listed
        assert WHO in listed
        assert not set_.telephone.ended
        assert NUMBER in await set_.private(set_.ann, "hangup", call="c0")
        assert set_.telephone.ended == ["c0"]
        gone = await set_.private(set_.ann, "hangup", call="c7")
        assert gone == call_texts.NO_SUCH_CALL

    on_discord(test)


def test_calls_complete_themselves() -> None:
    async def test(set_: Scene) -> None:
        set_.telephone.running = [call(id="c0", who="Ben"), call()]
        assert await offered(set_, set_.ann, "") == ["c0", "c1"]
        assert await offered(set_, set_.ann, " bEN") == ["c0"]

    on_discord(test)


async def offered(set_: Scene, who: FakeUser, typed: str) -> list[str]:
    given = await who.complete("hangup", "call", typed)
    await given.answered()
    return given.choices
