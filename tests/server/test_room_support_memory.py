"""What the service remembers for rooms, tells of them, and lacks."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import pytest

from discord_bot.support import GuildChoices, RoomPlace, SupportError
from pipeline.config import TtsConfig
from server.config import Config
from server.gateway.part import GatewayPart
from server.hearing_part import HearingPart
from server.parts import PartState
from server.room_support import ServiceSupport
from server.speech_part import SpeechPart
from server.store.database import FILE_NAME
from server.store.part import StorePart
from tests.discord_bot.rooms_scene import turn
from tests.peers.discord import until
from tests.server.room_support_scene import GUILD, ScriptedHearing, Service, Setting, running
from tests.virtual_time import run


def test_choices_are_kept_per_guild_and_can_be_forgotten(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        assert await support.choices(GUILD) == GuildChoices()
        await support.remember(GUILD, "agent", "sage")
        await support.remember(GUILD, "sensitivity", "high")
        await support.remember(GUILD, "channel_id", 700)
        assert await support.choices(GUILD) == GuildChoices("sage", "high", 700)
        assert await support.choices(6) == GuildChoices()
        await support.remember(GUILD, "channel_id", None)
        assert (await support.choices(GUILD)).channel_id is None

    setting.tried(test)


def test_what_names_are_misheard_as_is_kept_with_the_next_turn(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        async with running(support.keep_turns):
            async with service.room() as room:
                assert room.cast.relevance is not None
                room.cast.relevance.receive_correction("darvish what time is it", people=())
                support.receive_turn(turn(1))
                await until(lambda: bool(support._memory._rooms[GUILD].kept["heard_names"]))
            choices = await support.choices(GUILD)
            assert choices.heard_names == {"jarvis": ["darvish"]}
            async with support.open_room(RoomPlace(GUILD, lambda: 700), choices) as again:
                assert "darvish" in again.cast.names()
            await support.remember(GUILD, "heard_names", {"jarvis": "darvish"})
            assert (await support.choices(GUILD)).heard_names is None

    setting.tried(test)


def test_what_makes_no_sense_counts_as_not_chosen(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        await support.remember(GUILD, "agent", 17)
        await support.remember(GUILD, "sensitivity", "extreme")
        await support.remember(GUILD, "channel_id", "seven")
        await support.remember(GUILD, "colour", "green")
        assert await support.choices(GUILD) == GuildChoices()

    setting.tried(test)


def test_without_a_store_nothing_is_remembered_and_rooms_open(setting: Setting, caplog):
    (setting.folder / FILE_NAME).write_bytes(b"no database, only words" * 100)

    async def test(service: Service) -> None:
        await service.support.remember(GUILD, "agent", "sage")
        assert await service.support.choices(GUILD) == GuildChoices()
        async with service.room() as room:
            assert room.cast.agent == "jarvis"

    with caplog.at_level(logging.WARNING):
        setting.tried(test)
    assert "A choice of guild 5 is not kept" in caplog.text
    assert "What guild 5 chose is not known" in caplog.text


def test_finished_turns_are_kept_also_those_at_the_end(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        async with running(support.keep_turns):
            support.receive_turn(turn(1))
            await until(support.finished.empty)
            support.receive_turn(turn(2))
            support.receive_turn(turn(3))
        kept = await support._store.newest(limit=9)
        assert [one["id"] for one in kept] == ["t3", "t2", "t1"]

    setting.tried(test)


# What is lacking


def support_with(hearing: ScriptedHearing, tts: TtsConfig) -> ServiceSupport:
    """Return a service that was just started."""
    config = Config(tts=tts)
    speech = SpeechPart(config.speech, tts)
    store, gateway = StorePart(config.data_dir), GatewayPart(config)
    return ServiceSupport(config, store, speech, cast("HearingPart", hearing), gateway)


@pytest.mark.parametrize(
    ("hearing", "url", "words"),
    [
        (ScriptedHearing(broken="no model"), "http://127.0.0.1:1", "I cannot hear: no model"),
        (ScriptedHearing(loaded=False), "http://127.0.0.1:1", "getting ready (starting)"),
        (ScriptedHearing(), None, "getting ready (starting)"),
    ],
)
def test_without_ears_or_voice_a_room_says_why_it_does_not_open(
    hearing: ScriptedHearing, url: str | None, words: str
):
    async def test() -> None:
        support = support_with(hearing, TtsConfig(url=url))
        began = asyncio.get_running_loop().time()
        with pytest.raises(SupportError) as refused:
            async with support.open_room(RoomPlace(GUILD, lambda: 700), GuildChoices()):
                pass
        assert words in str(refused.value)
        assert asyncio.get_running_loop().time() - began in {0.0, 60.0}

    run(test())


# The status


def test_the_status_tells_of_models_voice_and_gateway(setting: Setting):
    async def test(service: Service) -> None:
        support = service.support
        hearing, speech, agents = support.report(GUILD)
        assert (hearing, speech) == (
            "Hearing: starting",
            "Speech: uses the speech server of tts.url",
        )
        await until(lambda: service.gateway.status().state is PartState.OK)
        assert support.report(GUILD)[-1].startswith("Agents: gateway 2026.9.6, protocol 4")
        async with service.room():
            await until(lambda: "ready" in support.report(GUILD)[-1])
            assert support.report(GUILD)[-1] == "Agents: gateway 2026.9.6 ready"
        assert agents.startswith("Agents: ")

    setting.tried(test)


def test_the_status_says_why_the_gateway_is_not_there(setting: Setting, nowhere: str):
    setting.openclaw = {"base_url": nowhere}

    async def test(service: Service) -> None:
        async with service.room():
            await until(lambda: nowhere in service.support.report(GUILD)[-1])

    setting.tried(test)


def test_the_status_says_that_only_an_echo_answers(setting: Setting):
    setting.uses_gateway = False

    async def test(service: Service) -> None:
        assert service.support.report(GUILD)[-1] == "Agents: an echo; none is configured"

    setting.tried(test)
