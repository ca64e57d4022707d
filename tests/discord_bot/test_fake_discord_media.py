"""What the fake Discord's media server does to packets, and whom it passes them on to."""

from __future__ import annotations

import asyncio
from collections import Counter

import discord
import pytest

from tests.discord_bot.stock_bot import LOUNGE, STAGE, scene
from tests.discord_bot.stock_call import Datagrams, hear_bot
from tests.peers.discord import Impairments, Permission, speech_like, until
from tests.peers.discord.opus import SILENCE
from tests.peers.discord.rtp import OPUS, RECEIVER_REPORT, VIDEO


def test_network_and_media_server_do_to_packets_what_they_are_told() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            datagrams = Datagrams(stage)
            network = Impairments(loss=0.1, reorder=0.1, duplicate=0.1, padding=0.5, csrcs=(7, 8))
            await stage.ann.say(speech_like(2.0), speed=20, impair=network)
            await until(lambda: _settled(datagrams))
            packets = datagrams.packets()
            sequences = [one.sequence for one in packets]
            assert 80 <= len(set(sequences)) <= 103
            assert 3 <= len(sequences) - len(set(sequences)) <= 25
            assert sequences != sorted(sequences)
            assert 20 <= sum(one.padding > 0 for one in packets) <= 90
            assert all(raw[0] & 0x1F == 0x12 for raw in datagrams.raw if raw[1] == OPUS)

    def _settled(datagrams: Datagrams) -> bool:
        return len({one.sequence for one in datagrams.packets()}) >= 85

    asyncio.run(main())


def test_a_tenth_of_the_packets_is_padded_by_default() -> None:
    network = Impairments()
    padded = sum(network.dress(n, n, 1, b"x").padding > 0 for n in range(1000))
    assert 70 <= padded <= 130


def test_camera_sends_pictures_and_reports_beside_the_voice() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            await stage.ann.turn_camera(on=True)
            member = stage.bot.call.guild.get_member(2001)
            assert member is not None
            await until(lambda: member.voice is not None and member.voice.self_video)
            datagrams = Datagrams(stage)
            await stage.ann.say(speech_like(0.2), speed=4)
            await stage.ann.send_silence(0.2, speed=4)
            stage.discord.voice[-1].send_junk()
            stage.ann.send_opus(SILENCE)
            await until(lambda: len(datagrams.packets()) >= 26)
            kinds = Counter(one[1] & 0x7F for one in datagrams.raw if len(one) > 20)
            assert kinds[VIDEO] >= 2 * kinds[OPUS] - 2
            assert kinds[RECEIVER_REPORT & 0x7F] >= 20

    asyncio.run(main())


def test_muted_and_deafened_bot_is_not_heard_and_hears_nothing() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            call = stage.discord.voice[-1]
            await stage.discord.update_bot(mute=True, deaf=True)
            me = stage.bot.call.guild.me
            await until(lambda: me.voice is not None and me.voice.mute and me.voice.deaf)
            datagrams = Datagrams(stage)
            stage.bot.say(speech_like(0.2))
            await stage.ann.say(speech_like(0.2), speed=4)
            await until(lambda: call.traffic.refused["may not speak"] >= 10)
            assert stage.ann.ears.packets == []
            assert datagrams.packets() == []
            await stage.discord.update_bot()
            await until(lambda: not stage.bot.call.is_playing())
            assert await hear_bot(stage, stage.ann) >= [0.99]

    asyncio.run(main())


def test_bot_has_to_be_let_onto_a_stage() -> None:
    async def main() -> None:
        async with scene() as stage:
            (guild,) = stage.discord.guilds.values()
            channel = stage.bot.get_channel(STAGE)
            assert isinstance(channel, discord.StageChannel)
            await stage.ann.join(STAGE)
            await channel.connect()
            assert channel.guild.me.voice is not None
            assert channel.guild.me.voice.suppress
            with pytest.raises(discord.Forbidden):
                await channel.guild.me.edit(suppress=False)
            guild.bot |= Permission.MUTE_MEMBERS
            await channel.guild.me.edit(suppress=False)
            assert await hear_bot(stage, stage.ann) >= [0.9]
            assert not stage.ann.e2ee

    asyncio.run(main())


def test_bot_without_the_right_to_speak_is_not_heard() -> None:
    async def main() -> None:
        async with scene() as stage:
            (guild,) = stage.discord.guilds.values()
            guild.channels[LOUNGE].denied[guild.bot_role_id] = Permission.SPEAK
            await stage.in_call()
            stage.bot.say(speech_like(0.2))
            call = stage.discord.voice[-1]
            await until(lambda: call.traffic.refused["may not speak"] >= 10)
            assert stage.ann.ears.packets == []

    asyncio.run(main())
