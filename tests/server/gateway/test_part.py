"""The Gateway in the service: what it tells, whom it warms up, and connections for others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from openclaw_client import OpenClawConfig
from pipeline.config import AgentConfig
from server.config import Config
from server.gateway.part import OWN, GatewayPart
from server.parts import PartState
from tests.openclaw_client.captured import refusal
from tests.openclaw_client.clients import whole
from tests.peers.gateway_hub import GUARD, GatewayHub, until

Test = Callable[[GatewayPart], Awaitable[None]]


def settings(url: str, folder: Path, **more: object) -> Config:
    gateway = OpenClawConfig(base_url=url, auth_token=SecretStr("hush-hush"), **more)
    agents = {"jarvis": AgentConfig()}
    return Config(openclaw=gateway, agents=agents, data_dir=folder)


def with_part(config: Callable[[], Config], test: Test, hub: GatewayHub | None = None) -> None:
    async def run() -> None:
        part = GatewayPart(config())
        task = asyncio.create_task(part.run())
        try:
            await test(part)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def main() -> None:
        if hub is None:
            await run()
        else:
            async with hub.running():
                await run()

    asyncio.run(asyncio.wait_for(main(), GUARD))


def test_without_an_address_it_is_off(tmp_path):
    async def test(part: GatewayPart) -> None:
        assert part.status().state is PartState.OFF
        assert await part.agents() == ()

    with_part(lambda: Config(data_dir=tmp_path), test)


def test_it_connects_and_warms_the_agents_of_the_settings_up(tmp_path):
    hub = GatewayHub()

    async def test(part: GatewayPart) -> None:
        assert part.status().state is PartState.STARTING
        await until(lambda: len(hub.asked("agent")) == 2)
        sessions = [asked["sessionKey"] for asked in hub.asked("agent")]
        assert sessions == ["agent:main:voice:warm-up", "agent:jarvis:voice:warm-up"]
        assert part.status().state is PartState.OK
        assert part.status().message == "gateway 2026.9.6, protocol 4"
        assert [agent.id for agent in await part.agents()] == ["main", "jarvis"]

    with_part(lambda: settings(hub.url, tmp_path), test, hub)


def test_warming_up_can_be_off(tmp_path):
    hub = GatewayHub()

    async def test(part: GatewayPart) -> None:
        await until(lambda: hub.asked("agents.list"))
        await until(lambda: part.status().state is PartState.OK)
        assert not hub.asked("agent")

    with_part(lambda: settings(hub.url, tmp_path, warm_up=False), test, hub)


def test_a_gateway_that_cannot_be_reached_is_told_with_the_fix(tmp_path, unused_port):
    async def test(part: GatewayPart) -> None:
        await until(lambda: part.status().state is PartState.DEGRADED)
        assert "cannot be reached" in part.status().message
        assert "openclaw gateway status" in part.status().message

    with_part(lambda: settings(f"ws://127.0.0.1:{unused_port}", tmp_path), test)


def test_a_gateway_without_any_of_the_agents_is_told(tmp_path):
    hub = GatewayHub()
    hub.agents = ["coder"]

    async def test(part: GatewayPart) -> None:
        await until(lambda: part.status().state is PartState.DEGRADED)
        assert "Choose one of these: coder" in part.status().message

    with_part(lambda: settings(hub.url, tmp_path), test, hub)


def test_every_connection_is_its_own_and_is_told_about(tmp_path):
    hub = GatewayHub()

    async def test(part: GatewayPart) -> None:
        await until(lambda: part.status().state is PartState.OK)
        async with part.connection("guild:1") as one, part.connection("guild:2") as two:
            session = "agent:jarvis:discord:channel:5"
            assert await whole(one.ask(session, "Ann: hi")) == "echo Ann: hi"
            await two.connected()
            app = FastAPI()
            app.include_router(part.router)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
                told = (await http.get("/gateway")).json()["connections"]
            assert list(told) == [OWN, "guild:1", "guild:2"]
            assert told["guild:1"]["state"] == "ready"
            assert told["guild:1"]["protocol"] == 4
            assert told["guild:1"]["turns"] == 1
            assert told["guild:1"]["first_words"]["p50"] > 0
            assert told["guild:2"]["turns"] == 0
            assert "hush" not in str(told)
        assert list(part.stats()) == [OWN]
        await until(lambda: len(hub.visits) == 1)

    with_part(lambda: settings(hub.url, tmp_path, warm_up=False), test, hub)


def test_a_refusal_is_told_with_the_fix(tmp_path):
    hub = GatewayHub()

    async def refuse(visit, request):
        details = {"code": "PAIRING_REQUIRED", "requestId": "r-17"}
        await visit.socket.send(refusal(request["id"], "NOT_PAIRED", "pairing", details=details))

    hub.greet = refuse

    async def test(part: GatewayPart) -> None:
        await until(lambda: part.status().state is PartState.DEGRADED)
        assert "openclaw devices approve r-17" in part.status().message

    with_part(lambda: settings(hub.url, tmp_path), test, hub)
