"""What goes wrong on Discord, and what people and operators are told."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.peers.discord import ChannelKind, Permission, until
from tests.server.discord.scene import (
    LOUNGE,
    OFFICE,
    bot_is_in,
    clip,
    gateway,
    guarded,
    guild,
    join,
    service,
    settings,
)

pytestmark = pytest.mark.slow


async def _failure(folder: Path, variables: dict[str, str], pattern: str) -> str:
    async with service(folder, variables) as running:
        await running.until_logged(pattern)
        health = await running.health("discord")
        assert health["status"] == "failed"
        assert running.process.returncode is None
        assert await running.end() == 0
        log = "".join(running.log)
        assert "Traceback" not in log
        assert variables["DISCORD_BOT_TOKEN"] not in log
        return health["message"]


def test_a_wrong_token_is_told_with_where_to_get_another(tmp_path):
    async def test() -> None:
        async with guild() as discord:
            wrong = {**settings(discord), "DISCORD_BOT_TOKEN": "MTIz.wrong.secret"}
            told = await _failure(tmp_path, wrong, "Discord refuses DISCORD_BOT_TOKEN")
            assert "discord.com/developers/applications" in told

    guarded(test)


def test_an_unreachable_discord_is_tried_again(tmp_path, unused_port):
    async def test() -> None:
        async with guild() as discord:
            variables = {**settings(discord), "DISCORD__RESOLVE_TO": f"127.0.0.1:{unused_port}"}
            told = await _failure(tmp_path, variables, "Discord cannot be reached")
            assert "firewall" in told

    guarded(test)


def test_a_token_that_another_process_uses_is_told(tmp_path):
    async def test() -> None:
        async with guild() as discord:
            variables = {**settings(discord), "TMPDIR": str(tmp_path)}
            async with service(tmp_path, variables) as running:
                await running.until_logged("On Discord as")
                other = tmp_path / "two"
                told = await _failure(other, variables, "another process on this machine")
                assert "DISCORD_BOT_TOKEN" in told
                assert await running.end(signal.SIGTERM) == 0

    guarded(test)


def test_the_bot_says_why_it_cannot_come(tmp_path):
    async def test() -> None:
        async with guild() as discord:
            (server,) = discord.guilds.values()
            server.channels[OFFICE].denied[server.id] = Permission.CONNECT
            full = discord.add_channel(702, "Closet", user_limit=1)
            stage = discord.add_channel(703, "Arena", ChannelKind.STAGE)
            ann = discord.add_user(2001, "ann", display_name="Ann")
            async with service(tmp_path, settings(discord)) as running:
                await running.until_logged("On Discord as")
                for channel, words in (
                    (None, "Join a voice channel first"),
                    (OFFICE, "**Connect**"),
                    (stage.id, "stage moderator"),
                ):
                    options = {} if channel is None else {"channel": channel}
                    answer = await ann.run("join", **options)
                    assert words in (await answer.finished())
                    assert answer.ephemeral
                    assert not answer.deferred
                await ann.join(full.id)
                answer = await ann.run("join")
                assert "full (1 of 1)" in await answer.finished()
                answer = await ann.run("leave")
                assert "in no voice channel" in await answer.finished()
                answer = await ann.run("help")
                assert "/sensitivity" in await answer.finished()
                assert answer.ephemeral

    guarded(test)


def test_the_bot_goes_where_it_is_moved_and_stays_away_where_it_is_sent(tmp_path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            async with service(tmp_path, settings(discord, hub)) as running:
                await join(running, ann)
                await discord.move_bot(OFFICE)
                await ann.join(OFFICE)
                await until(lambda: bot_is_in(discord, OFFICE) and ann.e2ee)
                await ann.say(clip("ben-time"))
                (turn,) = await running.turns(1)
                assert turn["session_key"] == f"agent:jarvis:discord:channel:{OFFICE}"
                assert turn["heard"]
                await discord.kick_bot()
                await running.until_logged("ended .sent away.")
                status = await (await ann.run("status")).finished()
                assert "in no voice channel" in status
                # It can be called again.
                assert "**Office**" in await (await ann.run("join")).finished()

    guarded(test)


def test_the_bot_comes_back_when_discord_forgets_it(tmp_path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            async with service(tmp_path, settings(discord, hub)) as running:
                await join(running, ann)
                discord.gateway.invalidate(resumable=False)
                await running.until_logged("coming back into a voice channel")
                await until(lambda: bot_is_in(discord) and ann.e2ee)
                await ann.say(clip("ben-time"))
                (turn,) = await running.turns(1)
                assert turn["heard"]
                assert len(discord.commands.syncs) == 1

    guarded(test)


def test_the_bot_answers_after_its_voice_connection_broke(tmp_path):
    async def test() -> None:
        async with guild() as discord, gateway() as hub:
            ann = discord.add_user(2001, "ann", display_name="Ann")
            async with service(tmp_path, settings(discord, hub)) as running:
                await join(running, ann)
                sessions = len(discord.voice)
                await discord.voice[-1].close(4006)
                await until(lambda: len(discord.voice) > sessions)
                await until(lambda: bot_is_in(discord) and ann.e2ee)
                await ann.say(clip("ben-time"))
                (turn,) = await running.turns(1)
                assert turn["heard"]
                assert discord.room(LOUNGE).log

    guarded(test)
