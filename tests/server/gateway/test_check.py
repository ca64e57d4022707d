"""What ``doctor`` finds out about the Gateway, and what it says to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr

from openclaw_client import OpenClawConfig
from pipeline.config import AgentConfig
from server.config import Config
from server.doctor import Finding, Outcome
from server.gateway.check import check_gateway
from tests.openclaw_client.captured import hello
from tests.peers.gateway_hub import GUARD, GatewayHub


def settings(url: str | None, folder: Path, **more: object) -> Config:
    gateway = OpenClawConfig(base_url=url, auth_token=SecretStr("hush-hush"), **more)
    return Config(openclaw=gateway, agents={"jarvis": AgentConfig()}, data_dir=folder)


def check(hub: GatewayHub, folder: Path, **more: object) -> Finding:
    async def run() -> Finding:
        async with hub.running():
            return await check_gateway(settings(hub.url, folder, **more))

    return asyncio.run(asyncio.wait_for(run(), GUARD))


def check_address(url: str | None, folder: Path, **more: object) -> Finding:
    return asyncio.run(asyncio.wait_for(check_gateway(settings(url, folder, **more)), GUARD))


def refusing(code: str, message: str, **more: object) -> GatewayHub:
    hub = GatewayHub()

    async def refuse(visit, request):
        await visit.refuse(request["id"], code, message, **more)

    hub.greet = refuse
    return hub


def test_a_gateway_that_works(tmp_path):
    finding = check(GatewayHub(), tmp_path)
    assert finding.outcome is Outcome.OK
    assert finding.message == "gateway 2026.9.6, protocol 4; agents: main, jarvis"


def test_none_is_configured(tmp_path):
    assert check_address(None, tmp_path).outcome is Outcome.SKIPPED
    assert not list(tmp_path.iterdir())


def test_unreachable(tmp_path, unused_port):
    finding = check_address(f"ws://127.0.0.1:{unused_port}", tmp_path)
    assert finding.outcome is Outcome.FAILED
    assert "cannot be reached: Connection refused" in finding.message
    assert "openclaw gateway status" in finding.fix


@pytest.mark.parametrize(
    ("hub", "message", "fix"),
    [
        (
            refusing("INVALID_REQUEST", "unauthorized", details={"code": "AUTH_TOKEN_MISMATCH"}),
            "refused our credentials",
            "Set OPENCLAW_AUTH_TOKEN",
        ),
        (
            refusing(
                "NOT_PAIRED",
                "pairing required",
                details={"code": "PAIRING_REQUIRED", "requestId": "r-1"},
            ),
            "waits for this device to be approved",
            "openclaw devices approve r-1",
        ),
        (
            refusing(
                "INVALID_REQUEST",
                "protocol mismatch",
                details={"code": "PROTOCOL_MISMATCH", "expectedProtocol": 2},
            ),
            "too old: it speaks protocol 2",
            "openclaw update",
        ),
        (
            refusing(
                "INVALID_REQUEST",
                "protocol mismatch",
                details={"code": "PROTOCOL_MISMATCH", "expectedProtocol": 6},
            ),
            "too new: it speaks protocol 6",
            "Update openclaw-voice",
        ),
    ],
)
def test_refusals_come_with_their_fix(hub, message, fix, tmp_path):
    finding = check(hub, tmp_path)
    assert finding.outcome is Outcome.FAILED
    assert message in finding.message
    assert fix in finding.fix
    assert "hush" not in finding.message + finding.fix


def test_a_missing_scope(tmp_path):
    hub = GatewayHub()
    hub.hello = hello(auth={"role": "operator", "scopes": ["operator.read"]})
    finding = check(hub, tmp_path)
    assert finding.outcome is Outcome.FAILED
    assert "without the scope operator.write" in finding.message
    assert "openclaw devices" in finding.fix


def test_a_web_server_on_that_port(tmp_path):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        writer.close()
        await writer.wait_closed()

    async def run() -> Finding:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await check_gateway(settings(f"ws://127.0.0.1:{port}", tmp_path))

    finding = asyncio.run(asyncio.wait_for(run(), GUARD))
    assert finding.outcome is Outcome.FAILED
    assert "is a web server, not a Gateway (HTTP 200)" in finding.message
    assert "18789" in finding.fix


def test_tls_where_there_is_none(tmp_path):
    hub = GatewayHub()

    async def run() -> Finding:
        async with hub.running():
            return await check_gateway(settings(hub.url.replace("ws:", "wss:"), tmp_path))

    finding = asyncio.run(asyncio.wait_for(run(), GUARD))
    assert finding.outcome is Outcome.FAILED
    assert "broke the TLS handshake off" in finding.message
    assert "ws:// or wss://" in finding.fix


def test_a_gateway_that_never_speaks(tmp_path):
    hub = GatewayHub()

    async def silent(visit, request):
        """Never greet."""

    hub.greet = silent
    finding = check(hub, tmp_path, connect_timeout=0.2)
    assert finding.outcome is Outcome.FAILED
    assert "no sign of life" in finding.message


def test_agents_of_the_settings_that_the_gateway_does_not_have(tmp_path):
    hub = GatewayHub()
    hub.agents = ["main", "coder"]
    finding = check(hub, tmp_path)
    assert finding.outcome is Outcome.WARNING
    assert "no agent jarvis, but: main, coder" in finding.message


def test_none_of_the_agents(tmp_path):
    hub = GatewayHub()
    hub.agents = ["coder"]
    finding = check(hub, tmp_path)
    assert finding.outcome is Outcome.FAILED
    assert "Choose one of these: coder" in finding.message


def test_a_gateway_that_does_not_list_its_agents_is_a_warning(tmp_path):
    hub = GatewayHub()

    async def refuse(visit, request):
        await visit.refuse(request["id"], "INVALID_REQUEST", "unknown method")

    hub.replies["agents.list"] = refuse
    assert check(hub, tmp_path).outcome is Outcome.WARNING
