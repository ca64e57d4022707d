"""The short form, as the first documents of the project use it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from openclaw_client import (
    AgentError,
    NoReplyError,
    OpenClawConfig,
    PerGuildOpenClawClient,
    UnreachableError,
    create_client,
)
from openclaw_client.facade import DEVICE_FILE, OpenClawClient
from tests.peers.gateway_hub import GUARD, GatewayHub, Visit, until


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity of the device is made in the current folder."""
    monkeypatch.chdir(tmp_path)


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), GUARD))


@asynccontextmanager
async def per_guild(gateway: GatewayHub, **more: Any) -> AsyncIterator[PerGuildOpenClawClient]:
    config = OpenClawConfig(base_url=gateway.url, retry_timeout=0.5, **more)
    clients = PerGuildOpenClawClient(config)
    try:
        yield clients
    finally:
        await clients.disconnect()


def test_the_first_script_runs_as_written():
    async def test() -> None:
        async with GatewayHub().running() as gateway:
            client = create_client(base_url=gateway.url, auth_token="", agent_id="main")
            await client.connect()
            response = await client.send_message(
                agent="jarvis", message="Hello, this is a test", speaker="test_user"
            )
            await client.disconnect()
        assert response == "echo test_user: Hello, this is a test"
        assert gateway.asked("agent")[0]["sessionKey"] == "agent:jarvis:discord:dm:test_user"
        assert "device" in gateway.asked("connect")[0]
        assert DEVICE_FILE.exists()

    guarded(test)


def test_the_answer_function_of_the_first_bot_runs_as_written():
    async def test() -> None:
        async with GatewayHub().running() as gateway:
            openclaw_client = PerGuildOpenClawClient(
                OpenClawConfig(
                    base_url=gateway.url,
                    auth_token=SecretStr("hush"),
                    timeout=30,
                    retry_timeout=60,
                    agent_id="main",
                    session_scope="dm",
                )
            )

            async def llm_response_handler(
                agent: str, message: str, user_id: int, guild_id: int
            ) -> str:
                client = openclaw_client.get_or_create(guild_id)
                return await client.send_message(
                    agent=agent, message=message, context="", speaker=str(user_id)
                )

            async def cleanup_guild(guild_id: int) -> None:
                client = openclaw_client.get_or_create(guild_id)
                await client.disconnect()
                openclaw_client.remove_guild(guild_id)

            assert await llm_response_handler("jarvis", "hi", 123, 9) == "echo 123: hi"
            await cleanup_guild(9)
            await until(lambda: not gateway.visits)
        assert gateway.asked("agent")[0]["sessionKey"] == "agent:jarvis:discord:dm:123"
        assert gateway.asked("connect")[0]["auth"] == {"token": "hush"}

    guarded(test)


def test_a_token_may_be_given_as_plain_text():
    config = OpenClawConfig.model_validate({"base_url": "ws://x", "auth_token": "hush"})
    assert config.secrets() == ("hush",)
    assert isinstance(create_client("ws://x", "hush"), OpenClawClient)


def test_a_wrong_address_is_told_at_once():
    with pytest.raises(ValueError, match="should be an address"):
        create_client(base_url="192.168.50.9", auth_token="")


def test_the_agent_of_a_call_wins():
    async def test() -> None:
        async with GatewayHub().running() as gateway:
            client = create_client(gateway.url, agent_id="main")
            await client.send_message("hi", speaker="1")
            await client.send_message("hi", speaker="1", agent_id="jarvis")
            await client.send_message("hi", speaker="1", agent="main", agent_id="jarvis")
            await client.disconnect()
        agents = [asked["sessionKey"].split(":")[1] for asked in gateway.asked("agent")]
        assert agents == ["main", "jarvis", "main"]

    guarded(test)


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("channel", "agent:main:discord:channel:5"),
        ("user", "agent:main:discord:direct:1"),
        ("guild", "agent:main:discord:guild:9"),
    ],
)
def test_with_a_channel_the_session_is_that_of_the_scope(scope: str, key: str):
    async def test() -> None:
        async with (
            GatewayHub().running() as gateway,
            per_guild(gateway, session_scope=scope) as clients,
        ):
            client = clients.get_or_create(9)
            await client.send_message("hi", speaker="1", channel_id="5")
            assert gateway.asked("agent")[0]["sessionKey"] == key

    guarded(test)


def test_a_voice_channel_may_continue_a_text_channel():
    async def test() -> None:
        async with (
            GatewayHub().running() as gateway,
            per_guild(gateway, text_channels={"5": "77"}) as clients,
        ):
            await clients.get_or_create(9).send_message("hi", speaker="1", channel_id="5")
            assert gateway.asked("agent")[0]["sessionKey"] == "agent:main:discord:channel:77"

    guarded(test)


def test_context_stands_before_the_message():
    async def test() -> None:
        async with GatewayHub().running() as gateway, per_guild(gateway) as clients:
            reply = await clients.get_or_create(9).send_message(
                "hi", speaker="1", context="It rains."
            )
            assert reply == "echo It rains.\n\n1: hi"

    guarded(test)


@pytest.mark.parametrize("speaker", ["", "a b", "x:y"])
def test_a_speaker_that_is_no_id_is_refused(speaker: str):
    async def test() -> None:
        async with GatewayHub().running() as gateway, per_guild(gateway) as clients:
            with pytest.raises(AgentError):
                await clients.get_or_create(9).send_message("hi", speaker=speaker)

    guarded(test)


def test_no_reply_is_an_error_and_never_empty():
    async def test() -> None:
        gateway = GatewayHub()

        async def silent(visit: Visit, request: dict[str, Any]) -> None:
            key = request["params"]["idempotencyKey"]
            await visit.answer(request["id"], {"runId": key, "status": "accepted"})
            await visit.chat(key, "final")

        gateway.replies["agent"] = silent
        async with gateway.running(), per_guild(gateway) as clients:
            with pytest.raises(NoReplyError):
                await clients.get_or_create(9).send_message("hi", speaker="1")

    guarded(test)


def test_connecting_to_nothing_fails_at_once(unused_port: int):
    async def test() -> None:
        client = create_client(f"ws://127.0.0.1:{unused_port}")
        with pytest.raises(UnreachableError, match="openclaw gateway status"):
            await client.connect()
        await client.disconnect()

    guarded(test)


def test_a_guild_has_one_client_that_connects_when_it_is_needed():
    async def test() -> None:
        async with GatewayHub().running() as gateway, per_guild(gateway) as clients:
            client = clients.get_or_create(1)
            assert clients.get_or_create("1") is client
            assert clients.get_or_create(2) is not client
            assert clients.stats() == {}
            assert not gateway.asked("connect")
            await client.connect()
            assert set(clients.stats()) == {"1"}
            assert len(gateway.asked("connect")) == 1

    guarded(test)


def test_removing_a_guild_closes_its_connection_and_no_other():
    async def test() -> None:
        async with GatewayHub().running() as gateway, per_guild(gateway) as clients:
            await clients.get_or_create(1).connect()
            await clients.get_or_create(2).connect()
            clients.remove_guild(1)
            clients.remove_guild(1)
            clients.remove_guild(3)
            await until(lambda: len(gateway.visits) == 1)
            assert await clients.get_or_create(2).send_message("hi", speaker="1")
            assert await clients.get_or_create(1).send_message("hi", speaker="1")

    guarded(test)


def test_one_guilds_slow_agent_holds_up_no_other():
    async def test() -> None:
        gateway, go_on = GatewayHub(), asyncio.Event()
        usual = gateway.replies["agent"]

        async def slow(visit: Visit, request: dict[str, Any]) -> None:
            if "slow" in request["params"]["message"]:
                await go_on.wait()
            await usual(visit, request)

        gateway.replies["agent"] = slow
        async with gateway.running(), per_guild(gateway) as clients:
            waiting = asyncio.create_task(
                clients.get_or_create(1).send_message("slow", speaker="1")
            )
            await until(lambda: gateway.asked("agent"))
            assert await clients.get_or_create(2).send_message("quick", speaker="1")
            assert not waiting.done()
            go_on.set()
            assert await waiting == "echo 1: slow"

    guarded(test)


def test_a_client_can_be_used_again_after_it_was_closed():
    async def test() -> None:
        async with GatewayHub().running() as gateway:
            client = create_client(gateway.url)
            for _ in range(2):
                await client.connect()
                await client.disconnect()
                await client.disconnect()
            assert client.stats() is None
            assert len(gateway.asked("connect")) == 2

    guarded(test)
