"""``/voice``, as people give it on Discord, and what a room makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from discord_bot import texts
from discord_bot.room import Room
from discord_bot.support import GuildChoices, SupportError
from pipeline.voice_choice import ChosenVoice, VoiceChoice, VoiceChoices
from pipeline.voice_names import ServerVoices
from tests.discord_bot.commands_scene import Scene, on_discord
from tests.discord_bot.rooms_scene import GUILD, LOUNGE, ScriptedLines, ScriptedSupport
from tests.virtual_time import run

SERVER = ServerVoices(("default", "jarvis", "sage", "de_DE-thorsten-high"))


def test_voice_is_told_and_changed():
    async def test(set_: Scene) -> None:
        room = await set_.bring()
        assert await set_.private("voice") == (
            "**Jarvis** speaks with `jarvis`, speed **1**. You can choose:"
            " `default`, `jarvis`, `sage`, `de_DE-thorsten-high`"
        )
        assert await set_.public("voice", voice="sage", speed=0.85) == (
            "**Jarvis** speaks from now on with `sage`, speed **0.85**."
        )
        assert room.voice == ChosenVoice("sage", 0.85)
        assert "speed **1.2**" in await set_.public("voice", speed=1.2)

    on_discord(test)


def test_a_voice_that_is_not_there_is_told_in_private():
    async def test(set_: Scene) -> None:
        await set_.bring()
        assert await set_.private("voice", voice="nobody") == "There is no voice 'nobody'."

    on_discord(test)


def test_without_a_room_there_is_no_voice():
    async def test(set_: Scene) -> None:
        assert await set_.private("voice") == texts.NOT_HERE
        assert await set_.private("voice", voice="sage") == texts.NOT_HERE
        assert await offered(set_, "") == []

    on_discord(test)


def test_voices_complete_themselves():
    async def test(set_: Scene) -> None:
        room = await set_.bring()
        assert await offered(set_, "") == ["default", "jarvis", "sage", "de_DE-thorsten-high"]
        assert await offered(set_, " THOR") == ["de_DE-thorsten-high"]
        room.known_voices = [f"voice-{one:03}".ljust(150, "x") for one in range(90)]
        assert len(await offered(set_, "voice")) == 25

    on_discord(test)


async def offered(set_: Scene, typed: str) -> list[str]:
    given = await set_.ann.complete("voice", "voice", typed)
    await given.answered()
    return given.choices


def test_texts_say_what_there_is():
    many = [f"v{one}" for one in range(40)]
    assert texts.voices("Jarvis", ChosenVoice("v1", 1.25), many).endswith("`v29` and 10 more")
    assert "you can name any" in texts.voices("Jarvis", ChosenVoice("v1", 1.0), ())
    assert texts.no_such_voice("jarvs", ["jarvis", "sage"]) == (
        "There is no voice 'jarvs'. Did you mean `jarvis`, `sage`?"
    )
    assert texts.no_such_voice("x" * 99, []).endswith("…'. `/voice` lists those there are.")


# The room


@asynccontextmanager
async def inside(support: ScriptedSupport, chosen: GuildChoices) -> AsyncIterator[Room]:
    """Have the bot in a room whose speech server has some voices."""
    room = Room(LOUNGE, ScriptedLines(), support)
    stay = asyncio.create_task(room.stay())
    try:
        await room.entered
        room._opened().cast.voices = VoiceChoices(SERVER, chosen.voices)
        yield room
    finally:
        stay.cancel()
        with suppress(asyncio.CancelledError):
            await stay


def test_a_room_remembers_what_was_chosen_for_its_agent():
    async def test() -> None:
        support = ScriptedSupport()
        async with inside(support, GuildChoices()) as room:
            assert room.voices() == SERVER.names
            assert room.voice == ChosenVoice("default", 1.0)
            assert await room.choose_voice("Sage", 0.83) == ChosenVoice("sage", 0.85)
            assert support.kept[GUILD].voices == {"jarvis": VoiceChoice("sage", 0.85)}
            assert await room.choose_voice(None, 1.5) == ChosenVoice("sage", 1.5)
            assert await room.choose_voice(" jarvis ", None) == ChosenVoice("jarvis", 1.5)
            await room.choose_agent("sage")
            assert room.voice == ChosenVoice("default", 1.0)
            assert support.kept[GUILD].voices == {"jarvis": VoiceChoice("jarvis", 1.5)}

    run(test())


def test_default_is_the_agents_own_voice_and_pace():
    async def test() -> None:
        support = ScriptedSupport()
        chosen = GuildChoices(voices={"jarvis": VoiceChoice("sage", 0.7)})
        async with inside(support, chosen) as room:
            assert await room.choose_voice("Default", 1.2) == ChosenVoice("default", 1.2)
            assert await room.choose_voice("default", None) == ChosenVoice("default", 1.0)
            assert support.kept[GUILD].voices == {}

    run(test())


def test_a_room_refuses_a_voice_that_is_not_there_and_names_the_like():
    async def test() -> None:
        support = ScriptedSupport()
        async with inside(support, GuildChoices()) as room:
            with pytest.raises(SupportError, match="Did you mean `de_DE-thorsten-high`"):
                await room.choose_voice("thorsten", 0.8)
            assert room.voice == ChosenVoice("default", 1.0)
            assert GUILD not in support.kept or support.kept[GUILD].voices is None

    run(test())
