"""A Gateway is there, or is starting, or waits for an approval."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from openclaw_client import (
    CredentialsError,
    OpenClawConfig,
    PairingRequiredError,
    UnreachableError,
)
from server.config import Config
from server.setup.gateway_search import find_gateway, wait_for_approval
from tests.peers.gateway_hub import GUARD, GatewayHub

Result = TypeVar("Result")


def at(hub: GatewayHub, folder: Path, work: Callable[[Config], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with hub.running():
            config = Config(openclaw=OpenClawConfig(base_url=hub.url), data_dir=folder)
            return await work(config)

    return asyncio.run(asyncio.wait_for(run(), GUARD))


def refusing_once(hub: GatewayHub, code: str, message: str, **more: object) -> None:
    """Let the gateway refuse the first connection."""
    usual = hub.greet

    async def greet(visit, request):
        if visit.number == 0:
            await visit.refuse(request["id"], code, message, **more)
        else:
            await usual(visit, request)

    hub.greet = greet


def pairing(request_id: str) -> dict[str, object]:
    return {"details": {"code": "PAIRING_REQUIRED", "requestId": request_id}}


def test_a_gateway_and_its_agents(tmp_path: Path) -> None:
    found = at(GatewayHub(), tmp_path, find_gateway)
    assert found.version == "2026.9.6"
    assert [agent.id for agent in found.agents] == ["main", "jarvis"]


def test_a_gateway_that_does_not_tell_its_agents(tmp_path: Path) -> None:
    hub = GatewayHub()

    async def refuse(visit, request):
        await visit.refuse(request["id"], "INVALID_REQUEST", "unknown method")

    hub.replies["agents.list"] = refuse
    assert at(hub, tmp_path, find_gateway).agents == ()


def test_a_gateway_that_is_starting_is_waited_for(tmp_path: Path) -> None:
    hub = GatewayHub()
    refusing_once(hub, "UNAVAILABLE", "starting", retryable=True, retryAfterMs=50)
    assert at(hub, tmp_path, find_gateway).version == "2026.9.6"


def test_nobody_there_is_known_at_once(tmp_path: Path, unused_port: int) -> None:
    config = Config(
        openclaw=OpenClawConfig(base_url=f"ws://127.0.0.1:{unused_port}"), data_dir=tmp_path
    )
    with pytest.raises(UnreachableError):
        asyncio.run(asyncio.wait_for(find_gateway(config), GUARD))


def test_an_approval_is_noticed_and_the_command_told_once(tmp_path: Path) -> None:
    hub, told = GatewayHub(), []
    refusing_once(hub, "NOT_PAIRED", "pairing required", **pairing("r-1"))
    found = at(hub, tmp_path, lambda config: wait_for_approval(config, told.append))
    assert found.version == "2026.9.6"
    (news,) = told
    assert "openclaw devices approve r-1" in news


def test_a_first_look_does_not_wait_for_an_approval(tmp_path: Path) -> None:
    hub = GatewayHub()
    refusing_once(hub, "NOT_PAIRED", "pairing required", **pairing("r-1"))
    with pytest.raises(PairingRequiredError):
        at(hub, tmp_path, find_gateway)


def test_waiting_ends_when_it_cannot_help(tmp_path: Path) -> None:
    hub = GatewayHub()
    refusing_once(hub, "INVALID_REQUEST", "unauthorized", details={"code": "AUTH_TOKEN_MISMATCH"})
    with pytest.raises(CredentialsError):
        at(hub, tmp_path, lambda config: wait_for_approval(config, str))
