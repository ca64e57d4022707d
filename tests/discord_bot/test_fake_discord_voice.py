"""The fake Discord's voice channels against discord.py's own client."""

from __future__ import annotations

import asyncio
from collections import Counter

import discord
import pytest

from tests.discord_bot.stock_bot import LOUNGE, WORKROOM, running_bot, scene
from tests.discord_bot.stock_call import PAUSE, Datagrams, hear_bot, hear_user
from tests.peers.discord import VoiceClose, VoiceOp, correlation, speech_like, until


def test_bot_and_person_hear_each_other_through_dave() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            session = stage.ann.session
            assert session is not None
            assert stage.bot.call.voice_privacy_code == session.voice_privacy_code
            assert await hear_bot(stage, stage.ann) >= [0.99]
            assert stage.ann.ears.errors == []
            assert await hear_user(stage, stage.ann) >= 0.99
            call = stage.discord.voice[-1]
            assert call.traffic.refused == Counter()
            assert call.traffic.speaking[:3] == [0, 1, 0]

    asyncio.run(main())


def test_speech_of_16_khz_arrives_too() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            said = speech_like(0.6, rate=16_000)
            datagrams = Datagrams(stage)
            await stage.ann.say(said, rate=16_000, speed=4)
            await until(lambda: len(datagrams.packets()) >= 30)
            heard = datagrams.heard(stage.ann)[::3]
            assert correlation(said, heard) >= 0.99
            stage.bot.say(speech_like(0.6))
            await stage.ann.ears.until_quiet(PAUSE)
            assert correlation(said, stage.ann.ears.pcm(16_000)) >= 0.99

    asyncio.run(main())


def test_group_grows_and_shrinks_while_everybody_hears_everybody() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            log = stage.discord.rooms[LOUNGE].log
            await stage.ben.join(LOUNGE)
            await until(lambda: stage.ben.e2ee and log[-1] == ("execute", 1))
            assert min(await hear_bot(stage, stage.ann, stage.ben)) >= 0.99
            assert await hear_user(stage, stage.ben) >= 0.99
            await stage.ben.leave()
            await until(lambda: log[-1] == ("execute", 2))
            assert await hear_bot(stage, stage.ann) >= [0.99]

    asyncio.run(main())


def test_bot_commits_when_nobody_else_does() -> None:
    async def main() -> None:
        async with scene() as stage:
            stage.ann.commit_delay = stage.ben.commit_delay = None
            await stage.in_call()
            await stage.ben.join(LOUNGE)
            await until(lambda: stage.ben.e2ee)
            log = stage.discord.rooms[LOUNGE].log
            assert [one[1] for one in log if one[0] == "commit"] == 2 * [stage.discord.BOT_ID]
            assert await hear_user(stage, stage.ben) >= 0.99

    asyncio.run(main())


def test_late_commits_lose_the_race_and_are_dropped() -> None:
    async def main() -> None:
        async with scene() as stage:
            stage.ann.commit_delay = 0.2
            await stage.in_call()
            log = stage.discord.rooms[LOUNGE].log
            await until(lambda: any(one[0] == "commit_dropped" for one in log))
            assert log[-1][:2] == ("commit_dropped", 2001)
            assert await hear_bot(stage, stage.ann) >= [0.99]

    asyncio.run(main())


def test_commit_that_is_held_back_reaches_the_bot_later() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            call = stage.discord.voice[-1]
            call.hold(VoiceOp.MLS_ANNOUNCE_COMMIT)
            await stage.ben.join(LOUNGE)
            await until(lambda: stage.ben.e2ee)
            session = stage.bot.call._connection.dave_session
            assert session is not None
            assert session.epoch == 1
            call.release()
            await until(lambda: session.epoch == 2)
            assert await hear_user(stage, stage.ben) >= 0.99

    asyncio.run(main())


def test_bot_without_use_for_a_commit_is_taken_into_the_group_again() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            log = stage.discord.rooms[LOUNGE].log
            stage.discord.voice[-1].garbled_op = VoiceOp.MLS_ANNOUNCE_COMMIT
            await stage.ben.join(LOUNGE)
            await until(lambda: ("invalid", stage.discord.BOT_ID, 1) in log)
            await until(lambda: log[-1] == ("execute", 2))
            await until(lambda: stage.bot.secured)
            assert min(await hear_bot(stage, stage.ann, stage.ben)) >= 0.99

    asyncio.run(main())


def test_proposal_that_fits_no_epoch_deafens_discord_py_for_good() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            runner = stage.bot.call._connection._runner
            assert runner is not None
            stage.discord.rooms[LOUNGE].mislead(stage.discord.voice[-1])
            await until(runner.done)
            assert isinstance(runner.exception(), ValueError)
            assert stage.bot.call.is_connected()

    asyncio.run(main())


def test_bot_left_alone_gets_a_new_group_with_the_next_person() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            await stage.ann.leave()
            await until(lambda: not stage.bot.secured)
            await stage.ben.join(LOUNGE)
            await until(lambda: stage.ben.e2ee and stage.bot.secured)
            assert await hear_bot(stage, stage.ben) >= [0.99]

    asyncio.run(main())


def test_downgrade_and_upgrade() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            room = stage.discord.rooms[LOUNGE]
            room.downgrade()
            await until(lambda: not stage.bot.secured and not stage.ann.e2ee)
            assert await hear_bot(stage, stage.ann) >= [0.99]
            room.reset_group(version=1)
            await until(lambda: stage.bot.secured and stage.ann.e2ee)
            assert await hear_bot(stage, stage.ann) >= [0.99]

    asyncio.run(main())


def test_listener_tells_what_was_said_when() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            loop = asyncio.get_running_loop()
            started = loop.time()
            await hear_bot(stage, stage.ann)
            first_end = stage.ann.ears.silent_since()
            stage.bot.say(speech_like(0.4, seed=3))
            await until(lambda: len(stage.ann.ears.utterances(PAUSE)) == 2)
            await stage.ann.ears.until_quiet(PAUSE)
            first, second = stage.ann.ears.utterances(PAUSE)
            assert started < first.start < first.end == first_end
            assert second.start - first.end >= PAUSE
            assert 0.36 <= len(second.samples) / 48_000 <= 0.46
            start, track = stage.ann.ears.track()
            assert start <= first.start
            assert len(track) / 48_000 == pytest.approx(second.end - start, abs=0.25)

    asyncio.run(main())


def test_bot_is_kicked() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            await stage.discord.kick_bot()
            await until(lambda: not stage.bot.voice_clients)
            (guild,) = stage.discord.guilds.values()
            assert guild.people_in(LOUNGE) == [2001]
            assert stage.discord.voice[-1].connection.close_code == VoiceClose.DISCONNECTED

    asyncio.run(main())


def test_bot_is_dragged_to_another_channel() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            await stage.ben.join(WORKROOM)
            await stage.discord.move_bot(WORKROOM)
            await until(lambda: stage.ben.e2ee and stage.bot.secured)
            await until(lambda: stage.bot.call.channel.id == WORKROOM)
            assert await hear_bot(stage, stage.ben) >= [0.99]
            assert len(stage.discord.voice) == 2

    asyncio.run(main())


def test_voice_server_moves() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            await stage.discord.move_voice_server()
            await until(lambda: len(stage.discord.voice) == 2 and stage.discord.voice[1].connected)
            await until(lambda: stage.ann.e2ee and stage.bot.secured)
            await until(stage.bot.call.is_connected)
            assert await hear_bot(stage, stage.ann) >= [0.99]

    asyncio.run(main())


def test_second_process_with_the_same_token_takes_the_voice_channel_over() -> None:
    async def main() -> None:
        async with scene() as stage:
            await stage.in_call()
            first, second = stage.discord.voice[-1], None
            async with running_bot(stage.discord) as twin:
                await until(twin.is_ready)
                states: list[str] = []
                own = stage.bot.ws.session_id

                @stage.bot.event
                async def on_voice_state_update(member: discord.Member, *_: object) -> None:
                    if member == member.guild.me:
                        states.append(stage.bot.call._connection.session_id)

                channel = twin.get_channel(LOUNGE)
                assert isinstance(channel, discord.VoiceChannel)
                await channel.connect(timeout=5)
                second = stage.discord.voice[-1]
                await until(lambda: first.connection.closed)
                assert first.connection.close_code == VoiceClose.DISCONNECTED
                assert second is not first
                await until(lambda: states)
                assert states[0] != own

    asyncio.run(main())
