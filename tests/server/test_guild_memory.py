"""What is read of a guild's choices, and what is kept of what is chosen in talk."""

from __future__ import annotations

from typing import Any

import pytest

from discord_bot.support import GuildChoices
from pipeline.spoken_requests import Direction, PaceRequest
from pipeline.voice_choice import VoiceChoice
from server.guild_memory import read_choices
from tests.discord_bot.rooms_scene import turn
from tests.peers.discord import until
from tests.server.room_support_scene import GUILD, Service, Setting, running

CHOSEN = {"jarvis": VoiceChoice("sage", 0.85), "sage": VoiceChoice(speed=1.2)}


@pytest.mark.parametrize(
    ("kept", "choices"),
    [
        ({}, GuildChoices()),
        ({"agent": "sage", "leaning": 0.5, "colour": 1}, GuildChoices("sage", leaning=0.5)),
        ({"agent": 7, "sensitivity": "extreme", "channel_id": "x"}, GuildChoices()),
        ({"heard_names": {"jarvis": "x"}, "voices": []}, GuildChoices()),
        (
            {"voices": {"jarvis": {"voice": "sage", "speed": 9}, "x": 1, "y": {"voice": 2}}},
            GuildChoices(voices={"jarvis": VoiceChoice("sage", 2.0), "y": VoiceChoice()}),
        ),
    ],
)
def test_what_makes_no_sense_was_not_chosen(kept: dict[str, Any], choices: GuildChoices):
    assert read_choices(kept) == choices


def test_voices_are_kept_per_guild(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        await support.remember(GUILD, "voices", CHOSEN)
        assert (await support.choices(GUILD)).voices == CHOSEN
        assert (await support.choices(6)).voices is None
        async with service.room() as room:
            assert room.cast.voice("jarvis").name == "sage"
            assert room.cast.voice("jarvis").speed == 0.85

    setting.tried(test)


def test_what_was_asked_for_aloud_is_kept_with_the_next_turn(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        async with running(support.keep_turns):
            async with service.room() as room:
                room.cast.carry_out(PaceRequest(Direction.SLOWER), "jarvis", "en")
                support.receive_turn(turn(1))
                await until(lambda: bool(support._memory._rooms[GUILD].kept["voices"]))
            async with service.room() as again:
                assert again.cast.voice("jarvis").speed == 0.85

    setting.tried(test)
