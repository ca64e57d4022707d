"""Our voice connection disturbed at every step; it comes about, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from discord.voice_state import ConnectionFlowState

from discord_bot.line import Ending, LineError
from discord_bot.voice_line import Patience, VoiceLines
from pipeline.clock import LoopClock
from tests.discord_bot.calls import ALIKE, LOUNGE, WORKROOM, Stage, at_once, ended, stage
from tests.peers.discord import VoiceClose, VoiceOp, until
from tests.peers.discord.connection import Connection, Message

Cut = Callable[[Connection], bool]
"""Does something; returns whether what the bot said is heard all the same."""

QUICK = Patience(entering=5.0, look=0.05, keepalive=0.2, shut_out=0.3)


def drop(connection: Connection) -> bool:
    connection.abort()
    return False


def end_session(connection: Connection) -> bool:
    connection.close_soon(4006)
    return False


def crash(connection: Connection) -> bool:
    connection.close_soon(4015)
    return False


class Saboteur:
    """Does something, once, when the bot says something to the voice gateway.

    Args:
        scene: Where.
        op: What it says.
        cut: What is done.

    """

    def __init__(self, scene: Stage, op: int, cut: Cut) -> None:
        self._op = op
        self._cut = cut
        self.waits = True
        gateway = scene.discord.voice_gateway
        self._receive = gateway._receive
        gateway._receive = self._sabotage  # type: ignore[method-assign] # the fake's, not ours

    async def _sabotage(self, connection: Connection, message: Message | bytes) -> None:
        op = message[0] if isinstance(message, bytes) else message.op
        if op == self._op and self.waits:
            self.waits = False
            if not self._cut(connection):
                return
        await self._receive(connection, message)


def run(main: Callable[[], object]) -> None:
    """Run a test, and make sure that no task and no thread is left behind."""

    async def watched() -> None:
        threads = {*threading.enumerate()}
        await main()  # type: ignore[misc] # it is a coroutine function
        await until(lambda: {*asyncio.all_tasks()} == {asyncio.current_task()})
        await until(lambda: not {one for one in {*threading.enumerate()} - threads if _ours(one)})

    asyncio.run(watched())


def _ours(thread: threading.Thread) -> bool:
    return not thread.name.startswith("asyncio_")  # of the event loop, for files and the like


@pytest.mark.slow
@pytest.mark.parametrize(
    "op",
    [
        VoiceOp.IDENTIFY,
        VoiceOp.SELECT_PROTOCOL,
        VoiceOp.MLS_KEY_PACKAGE,
        VoiceOp.SPEAKING,
        VoiceOp.HEARTBEAT,
    ],
    ids=lambda op: op.name,
)
def test_connection_that_is_cut_off_while_it_is_made_comes_about(op: VoiceOp) -> None:
    async def one(cut: Cut) -> None:
        async with stage() as scene:
            scene.discord.voice_gateway.heartbeat_seconds = 0.2
            saboteur = Saboteur(scene, op, cut)
            async with scene.call(people=(), patience=QUICK) as call:
                await scene.ann.join(call.line.channel.id)
                await until(lambda: not saboteur.waits and call.session.connected)
                await call.is_secured_with(scene.ann)
                assert await call.hears(scene.ann, seconds=0.5) > ALIKE

    run(lambda: at_once(*map(one, (drop, end_session, crash))))


@pytest.mark.slow
def test_connection_that_is_ended_without_a_reason_is_lost() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call(patience=Patience(entering=1.0)) as call:
            await call.session.close(4014)
            assert await ended(call) is Ending.LOST

    run(main)


@pytest.mark.slow
@pytest.mark.parametrize("op", [VoiceOp.IDENTIFY, VoiceOp.SELECT_PROTOCOL], ids=lambda op: op.name)
def test_bot_that_is_dragged_while_it_enters_gets_in(op: VoiceOp) -> None:
    async def main() -> None:
        async with stage() as scene:

            def drag(_: Connection) -> bool:
                scene.discord.voice_states.move_bot(WORKROOM)
                return True

            Saboteur(scene, op, drag)
            async with scene.call(people=(), patience=QUICK) as call:
                await scene.ann.join(call.line.channel.id)
                await call.is_secured_with(scene.ann)
                assert await call.hears(scene.ann, seconds=0.5) > ALIKE

    run(main)


def test_bot_that_is_sent_away_while_it_enters_stays_away() -> None:
    async def main() -> None:
        async with stage() as scene:

            def kick(_: Connection) -> bool:
                (guild_id,) = scene.discord.guilds
                scene.discord.voice_states.remove_bot(guild_id)
                return True

            Saboteur(scene, VoiceOp.IDENTIFY, kick)
            with pytest.raises(LineError, match="disconnected me"):
                async with VoiceLines(QUICK).enter(scene.channel(), LoopClock()):
                    pass
            assert not scene.bot.voice_clients

    run(main)


@pytest.mark.slow
def test_bot_that_leaves_while_the_gateway_is_away_is_gone_when_it_is_back() -> None:
    async def main() -> None:
        async with stage() as scene:
            async with scene.call(people=()) as call:
                gateway = scene.bot.ws
                scene.discord.gateway.drop()
                await until(lambda: gateway.socket.closed)
            await until(lambda: call.session.connection.closed)
            (guild,) = scene.discord.guilds.values()
            await until(lambda: scene.discord.BOT_ID not in guild.voice_states)
            assert not scene.bot.voice_clients

    run(main)


@pytest.mark.slow
def test_bot_that_leaves_while_the_connection_is_made_again_does_not_come_back() -> None:
    async def main() -> None:
        async with stage() as scene:
            async with scene.call(people=()) as call:
                await call.session.close(VoiceClose.SESSION_NO_LONGER_VALID)
                await until(lambda: call.session.connection.closed)
                await asyncio.sleep(0.01)  # discord.py waits a moment before it tries again
            (guild,) = scene.discord.guilds.values()
            runner = call.client._connection._runner
            await until(lambda: runner is None or runner.done())
            assert scene.discord.BOT_ID not in guild.voice_states
            # That moment may be none at all; then another connection had begun.
            await until(lambda: all(one.connection.closed for one in scene.discord.voice))

    run(main)


def test_bot_that_discord_has_in_the_channel_already_enters_all_the_same() -> None:
    async def main() -> None:
        async with stage() as scene:
            channel = scene.channel()
            await channel.guild.change_voice_state(channel=channel)
            await until(lambda: channel.guild.me.voice is not None)
            async with scene.call(patience=QUICK) as call:
                assert await call.hears(scene.ann, seconds=0.5) > ALIKE

    run(main)


def test_change_that_comes_just_when_it_is_waited_for_is_not_missed() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            connection = call.client._connection
            state = ConnectionFlowState.got_voice_server_update
            waiting = asyncio.create_task(connection._wait_for_state(state, timeout=1.0))
            await asyncio.sleep(0)
            connection.state = state
            await waiting
            connection.state = ConnectionFlowState.connected

    run(main)


def test_bot_that_is_moved_to_a_channel_nobody_told_of_goes_on() -> None:
    async def main() -> None:
        async with stage() as scene, scene.call() as call:
            call.client._connection._update_voice_channel(12345)
            assert call.line.channel.id == LOUNGE
            assert await call.hears(scene.ann, seconds=0.5) > ALIKE

    run(main)
