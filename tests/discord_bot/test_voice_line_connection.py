"""Our voice connection from end to end: however it breaks, it comes back or says why not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from discord_bot.line import Ending, LineError
from discord_bot.voice_line import Patience, VoiceLines
from pipeline.clock import LoopClock
from tests.discord_bot.calls import (
    ALIKE,
    LOUNGE,
    PATIENCE,
    WORKROOM,
    ended,
    stage,
)
from tests.peers.discord import (
    MODES,
    VoiceClose,
    speech_like,
    until,
)


@pytest.mark.slow
@pytest.mark.parametrize("code", [VoiceClose.SERVER_CRASHED, None])
def test_severed_connection_is_resumed(code: int | None) -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            if code is None:
                call.session.drop()
            else:
                await call.session.close(code)
            await until(lambda: call.session.resumes)
            await call.is_secured_with(scene.ann)
            await call.works_both_ways(scene.ann)
            assert len(scene.discord.voice) == 1

    asyncio.run(main())


@pytest.mark.slow
@pytest.mark.parametrize("code", [4006, 4009])
def test_session_that_ended_is_begun_anew(code: int) -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await call.session.close(code)
            await until(lambda: len(scene.discord.voice) == 2 and call.session.connected)
            await call.is_secured_with(scene.ann)
            await call.works_both_ways(scene.ann)

    asyncio.run(main())


@pytest.mark.slow
def test_bot_that_is_dragged_after_a_new_session_is_not_taken_for_sent_away() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.ben.join(WORKROOM)
            await call.session.close(4006)
            await until(lambda: len(scene.discord.voice) == 2 and call.session.connected)
            await call.is_secured_with(scene.ann)
            await scene.discord.move_bot(WORKROOM)
            await until(lambda: len(scene.discord.voice) == 3 and call.session.connected)
            await call.is_secured_with(scene.ben)
            await call.works_both_ways(scene.ben)
            assert call.line.ending is None

    asyncio.run(main())


@pytest.mark.slow
def test_resume_that_is_refused_becomes_a_new_session() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            scene.discord.voice_gateway.answers_resume = False
            call.session.drop()
            await until(lambda: len(scene.discord.voice) == 2 and call.session.connected)
            await call.is_secured_with(scene.ann)
            await call.works_both_ways(scene.ann)

    asyncio.run(main())


@pytest.mark.slow
def test_bot_follows_to_another_media_server() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.discord.move_voice_server()
            await until(lambda: len(scene.discord.voice) == 2 and call.session.connected)
            await call.is_secured_with(scene.ann)
            await call.works_both_ways(scene.ann)

    asyncio.run(main())


@pytest.mark.slow
def test_bot_dragged_to_another_channel_hears_and_is_heard_there() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.ben.join(WORKROOM)
            assert await call.hears(scene.ann, seconds=0.6) > 0.97
            await scene.discord.move_bot(WORKROOM)
            await until(lambda: len(scene.discord.voice) == 2 and call.session.connected)
            await call.is_secured_with(scene.ben)
            assert call.line.channel.id == WORKROOM
            await until(lambda: [one.speaker for one in call.left] == ["2001"])
            await call.works_both_ways(scene.ben)

    asyncio.run(main())


def test_bot_that_is_sent_away_is_not_wanted() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await scene.discord.kick_bot()
            assert await ended(call) is Ending.SENT_AWAY
            assert not scene.bot.voice_clients

    asyncio.run(main())


def test_leaving_takes_the_bot_out_of_the_channel() -> None:
    async def main() -> None:
        async with stage() as scene:
            async with scene.call():
                pass
            (guild,) = scene.discord.guilds.values()
            assert scene.discord.BOT_ID not in guild.voice_states
            assert not scene.bot.voice_clients
            async with scene.call(people=()) as call:  # and in again
                await call.is_secured_with(scene.ann)

    asyncio.run(main())


def test_keepalives_keep_the_way_open() -> None:
    async def main() -> None:
        async with stage() as scene:
            scene.discord.voice_gateway.idle_limit = 0.6
            async with scene.call() as call:
                await asyncio.sleep(1.0)
                assert call.session.traffic.keepalives >= 3
                assert await call.hears(scene.ann) > ALIKE

    asyncio.run(main())


def test_address_is_asked_for_again_when_the_answer_is_lost() -> None:
    async def main() -> None:
        async with stage() as scene:
            scene.discord.media.lost_discoveries = 1
            async with scene.call() as call:
                assert call.session.traffic.discoveries == 2

    asyncio.run(main())


def test_refusals_are_told_and_not_tried_again() -> None:
    async def main() -> None:
        async with stage() as scene:
            scene.discord.voice_gateway.modes = MODES[:1]
            with pytest.raises(LineError, match="encryption"):
                async with VoiceLines(PATIENCE).enter(scene.channel(), LoopClock()):
                    pass
            assert len(scene.discord.voice) == 1
            assert not scene.bot.voice_clients

    asyncio.run(main())


def test_channel_that_does_not_let_the_bot_in_is_given_up() -> None:
    async def main() -> None:
        async with stage() as scene:
            (guild,) = scene.discord.guilds.values()
            guild.channels[LOUNGE].user_limit = 1
            await scene.ann.join(LOUNGE)
            with pytest.raises(LineError, match="within"):
                async with VoiceLines(Patience(entering=0.3)).enter(scene.channel(), LoopClock()):
                    pass
            assert not scene.bot.voice_clients

    asyncio.run(main())


def test_bot_that_is_deaf_says_so_and_gives_the_connection_up() -> None:
    async def main() -> None:
        patience = Patience(look=0.05, deaf=0.4)
        async with stage() as scene, scene.call(patience=patience) as call:
            call.session.may_hear = lambda: False
            await scene.ann.say(speech_like(0.2))
            assert await ended(call) is Ending.DEAF

    asyncio.run(main())


def test_silence_of_a_deafened_bot_is_no_fault() -> None:
    async def main() -> None:
        patience = Patience(look=0.05, deaf=0.3)
        async with stage() as scene, scene.call(patience=patience) as call:
            await scene.discord.update_bot(deaf=True)
            await until(lambda: call.client.deafened)
            await scene.ann.say(speech_like(0.5))
            assert call.line.ending is None

    asyncio.run(main())


@pytest.mark.slow
def test_session_that_discord_has_forgotten_is_given_up_and_does_not_disturb_the_next() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            scene.discord.gateway.invalidate()
            assert await ended(call) is Ending.LOST
            await until(lambda: scene.bot.is_ready() and scene.discord.gateway.connected)
            async with scene.call(people=()) as again:
                await again.is_secured_with(scene.ann)
                await call.client.disconnect(force=True)
                await again.works_both_ways(scene.ann)
                assert again.line.ending is None

    asyncio.run(main())


def test_cancelled_entering_leaves() -> None:
    async def main() -> None:
        async with stage() as scene:
            scene.discord.media.lost_discoveries = 100
            entering = VoiceLines(PATIENCE).enter(scene.channel(), LoopClock())
            task = asyncio.create_task(entering.__aenter__())  # type: ignore[arg-type] # a coroutine
            await until(lambda: scene.discord.voice)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not scene.bot.voice_clients
            (guild,) = scene.discord.guilds.values()
            await until(lambda: scene.discord.BOT_ID not in guild.voice_states)

    asyncio.run(main())


@pytest.mark.parametrize("code", [VoiceClose.AUTHENTICATION_FAILED, VoiceClose.E2EE_REQUIRED])
def test_hopeless_connection_is_given_up(code: int) -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            await call.session.close(code)
            assert await ended(call) is Ending.LOST
            assert len(scene.discord.voice) == 1

    asyncio.run(main())


def test_token_that_is_refused_is_told() -> None:
    class Forgetful(dict[str, Any]):
        def get(self, *_: object) -> None:
            """Know nothing."""

    async def main() -> None:
        async with stage() as scene:
            scene.discord.voice_gateway._tickets = Forgetful()
            with pytest.raises(LineError, match="token"):
                async with VoiceLines(PATIENCE).enter(scene.channel(), LoopClock()):
                    pass

    asyncio.run(main())
