"""Many guilds at one real gateway."""

import asyncio
from pathlib import Path

import pytest

from openclaw_client import LinkState, PerGuildOpenClawClient, create_client
from tests.openclaw_client.ring.talk import guarded, settings
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import RealGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

GUILDS = 20


def test_twenty_guilds_talk_at_once(
    gateway: RealGateway, model: LanguageModel, device_file: Path, channel: str
):
    async def test() -> None:
        guilds = PerGuildOpenClawClient(settings(gateway, device_file=device_file))

        async def ask(guild: int) -> str:
            client = guilds.get_or_create(guild)
            return await client.send_message(f"in guild {guild}", speaker=f"{channel[16:]}.{guild}")

        async with asyncio.TaskGroup() as tasks:
            turns = [tasks.create_task(ask(guild)) for guild in range(GUILDS)]
        replies = [turn.result() for turn in turns]
        assert all(reply.endswith(f"in guild {at}") for at, reply in enumerate(replies))
        assert len(model.asked_about("in guild")) == GUILDS
        assert [one.state for one in guilds.stats().values()] == [LinkState.READY] * GUILDS
        guilds.remove_guild(0)
        assert len(guilds.stats()) == GUILDS - 1
        await guilds.disconnect()

    guarded(test)


def test_the_short_form_runs_as_documented(
    gateway: RealGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # its device file lies in data/

    async def test() -> None:
        client = create_client(base_url=gateway.url, auth_token=gateway.token, agent_id="jarvis")
        await client.connect()
        reply = await client.send_message(
            agent="main", message="hello", speaker="ann", context="Channel: lounge"
        )
        assert reply == "You said: Channel: lounge\n\nann: hello"
        await client.disconnect()

    guarded(test)
