"""The Discord bot in the service: whether it is there, why not, and when it tries again."""

from __future__ import annotations

import asyncio
import itertools
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from discord_bot.config import DiscordConfig
from server.discord_part import DiscordPart
from server.parts import PartState, PartStatus
from server.room_support import ServiceSupport
from tests.discord_bot.rooms_scene import ScriptedLines, ScriptedSupport
from tests.peers.discord import GUARD, FakeDiscord, until
from tests.virtual_time import run

TOKEN = "MTEx.a.b"


class KeepingSupport(ScriptedSupport):
    """A service that tells whether turns are being kept."""

    keeps = False

    async def keep_turns(self) -> None:
        self.keeps = True
        try:
            await asyncio.Event().wait()
        finally:
            self.keeps = False


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Say which tokens are in use where no other program says it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def settings(port: int, ca_file: Path | None = None, token: str = TOKEN) -> DiscordConfig:
    place = f"127.0.0.1:{port}"
    return DiscordConfig(bot_token=SecretStr(token), resolve_to=place, ca_file=ca_file)


def make_part(config: DiscordConfig, support: ScriptedSupport | None = None) -> DiscordPart:
    given = cast("ServiceSupport", support or KeepingSupport())
    return DiscordPart(config, given, ScriptedLines())


@asynccontextmanager
async def running(part: DiscordPart) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(part.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_without_a_token_it_is_off():
    part = make_part(DiscordConfig())
    asyncio.run(part.run())
    assert part.status() == PartStatus(PartState.OFF, "DISCORD_BOT_TOKEN is not set")


def test_it_tells_where_it_is_and_when_the_connection_is_lost():
    async def test() -> None:
        async with asyncio.timeout(GUARD):
            fake = await FakeDiscord().start()
            support = KeepingSupport()
            part = make_part(settings(fake.port, fake.ca_file, fake.token), support)
            assert part.status().state is PartState.STARTING
            async with running(part):
                await until(lambda: part.status().state is not PartState.STARTING)
                assert part.status() == PartStatus(PartState.OK, "voicebot, in 1 server")
                assert support.keeps
                await fake.stop()
                await until(lambda: part.status().state is not PartState.OK)
                assert part.status().state is PartState.DEGRADED
                assert "connection to Discord is being made again" in part.status().message
            assert not support.keeps

    asyncio.run(test())


def test_a_refused_token_is_told_and_not_tried_again(caplog):
    async def test() -> None:
        async with asyncio.timeout(GUARD), FakeDiscord() as fake:
            support = KeepingSupport()
            part = make_part(settings(fake.port, fake.ca_file, "MTEx.wrong.token"), support)
            await part.run()
            assert part.status().state is PartState.FAILED
            assert "refuses DISCORD_BOT_TOKEN" in part.status().message
            assert len(fake.rest.asked("GET", "/users/@me")) == 1
            assert not support.keeps

    asyncio.run(test())
    assert "MTEx.wrong.token" not in caplog.text


def test_certificates_that_cannot_be_read_are_told(tmp_path: Path):
    part = make_part(settings(1, tmp_path / "none.pem"))
    asyncio.run(part.run())
    assert part.status().state is PartState.FAILED
    assert "discord.ca_file" in part.status().message


def test_a_token_that_another_process_uses_is_told_until_it_is_free():
    async def test() -> None:
        async with asyncio.timeout(GUARD), FakeDiscord() as fake:
            config = settings(fake.port, fake.ca_file, fake.token)
            async with running(make_part(config)):
                await until(lambda: fake.gateway.connected)
                other = make_part(config)
                await other.run()
                assert other.status().state is PartState.FAILED
                assert "another process on this machine" in other.status().message
            async with running(other):
                await until(lambda: len(fake.gateway.identifies) == 2)

    asyncio.run(test())


def test_where_it_cannot_be_told_who_uses_the_token_the_bot_logs_in(tmp_path: Path, monkeypatch):
    async def test() -> None:
        async with asyncio.timeout(GUARD), FakeDiscord() as fake:
            part = make_part(settings(fake.port, fake.ca_file, fake.token))
            monkeypatch.setattr(tempfile, "tempdir", str(fake.ca_file))  # no folder
            async with running(part):
                await until(lambda: fake.gateway.connected)

    asyncio.run(test())


def test_an_unreachable_discord_is_tried_after_longer_and_longer_pauses_and_told_once(caplog):
    async def test() -> None:
        loop = asyncio.get_running_loop()
        attempts: list[float] = []

        def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            attempts.append(loop.time())
            writer.transport.abort()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            part = make_part(settings(server.sockets[0].getsockname()[1]))
            async with running(part):
                await asyncio.sleep(200.0)
                assert part.status().state is PartState.FAILED
                assert "Discord cannot be reached" in part.status().message
        pauses = [round(after - before) for before, after in itertools.pairwise(attempts)]
        assert pauses == [2, 5, 10, 30, 60, 60]

    with caplog.at_level(logging.ERROR):
        run(test())
    assert caplog.text.count("Discord cannot be reached") == 1


@pytest.mark.slow
def test_a_connection_that_only_an_update_can_mend_is_not_tried_again(caplog):
    async def test() -> None:
        async with asyncio.timeout(4 * GUARD), FakeDiscord() as fake:
            part = make_part(settings(fake.port, fake.ca_file, fake.token))
            running = asyncio.create_task(part.run())
            await until(lambda: part.status().state is PartState.OK)
            await fake.gateway.close(4012)
            await running
            assert part.status().state is PartState.FAILED
            assert "Update the program" in part.status().message

    with caplog.at_level(logging.ERROR):
        asyncio.run(test())
    assert caplog.text.count("of this kind (4012)") == 1
