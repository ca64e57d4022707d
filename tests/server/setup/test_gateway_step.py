"""The Gateway is asked for only where it is not found, and its secrets go nowhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import SecretStr

from openclaw_client import OpenClawConfig
from pipeline.config import ChatConfig
from server.config import Config
from server.setup.gateway_step import set_gateway_up
from server.setup.local_gateway import LocalGateway
from server.setup.step import StepResult
from tests.peers.gateway_hub import GUARD, GatewayHub
from tests.server.setup.scripted import ScriptedPerson

ADDRESS = ("openclaw", "base_url")
TOKEN = ("openclaw", "auth_token")
AGENT = ("openclaw", "agent_id")


def set_up(
    hub: GatewayHub, folder: Path, person: ScriptedPerson, address: str = "", **local: str
) -> StepResult:
    """Set up with a gateway on this machine; ``address`` is that of the settings."""

    async def run() -> StepResult:
        async with hub.running():
            gateway = OpenClawConfig(
                base_url=address.replace("PORT", hub.url.rpartition(":")[2]) or None,
                auth_token=SecretStr("old-t0ken"),
            )
            config = Config(openclaw=gateway, data_dir=folder)
            here = LocalGateway(hub.url, **local)
            return await asyncio.to_thread(set_gateway_up, config, person, here)

    return asyncio.run(asyncio.wait_for(run(), GUARD))


def refusing(code: str, message: str, detail: str) -> GatewayHub:
    hub = GatewayHub()

    async def refuse(visit, request):
        await visit.refuse(request["id"], code, message, details={"code": detail})

    hub.greet = refuse
    return hub


def test_a_gateway_of_this_machine_is_found_by_itself(tmp_path: Path) -> None:
    hub, person = GatewayHub(), ScriptedPerson()
    result = set_up(hub, tmp_path, person)
    assert result.values == {ADDRESS: hub.url, TOKEN: "old-t0ken", AGENT: "main"}
    assert not result.problem
    assert "agents: main, jarvis" in person.text


def test_the_token_of_this_machine_is_for_no_other_gateway(tmp_path: Path) -> None:
    hub = refusing("INVALID_REQUEST", "unauthorized", "AUTH_TOKEN_MISMATCH")
    person = ScriptedPerson("")
    # An address that reaches this machine without being its loopback address.
    result = set_up(hub, tmp_path, person, "ws://0.0.0.0:PORT", token="s3cret")
    assert "refused our credentials" in result.problem
    assert "Use it?" not in person.text
    assert not any("s3cret" in str(params) for params in hub.asked("connect"))


def test_the_token_of_this_machine_is_offered_once(tmp_path: Path) -> None:
    hub = refusing("INVALID_REQUEST", "unauthorized", "AUTH_TOKEN_MISMATCH")
    person = ScriptedPerson("y", "wr0ng", "")
    result = set_up(hub, tmp_path, person, token="s3cret")
    shown = [params["auth"]["token"] for params in hub.asked("connect")]
    assert shown == ["old-t0ken", "s3cret", "wr0ng"]
    assert person.text.count("Use it?") == 1
    for secret in shown:
        assert secret not in person.text + result.problem + repr(result)


def test_a_refused_device_is_a_problem_that_no_answer_solves(tmp_path: Path) -> None:
    hub = refusing("INVALID_REQUEST", "device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID")
    result = set_up(hub, tmp_path, ScriptedPerson())
    assert "device identity" in result.problem


def test_an_agent_that_nobody_chooses_is_a_problem(tmp_path: Path) -> None:
    hub = GatewayHub()
    hub.agents = ["otto"]
    result = set_up(hub, tmp_path, ScriptedPerson(""))
    assert "Set OPENCLAW_AGENT_ID" in result.problem
    assert result.values[ADDRESS] == hub.url


def test_a_too_new_gateway_may_be_one_of_many(tmp_path: Path) -> None:
    hub = refusing("INVALID_REQUEST", "protocol mismatch", "PROTOCOL_MISMATCH")
    person = ScriptedPerson("")
    result = set_up(hub, tmp_path, person)
    assert "another version of its protocol" in person.text
    assert "none was found" in result.missing


def test_a_chat_server_needs_no_gateway(tmp_path: Path) -> None:
    config = Config(chat=ChatConfig(base_url="http://127.0.0.1:9"), data_dir=tmp_path)
    person = ScriptedPerson()
    assert set_gateway_up(config, person, LocalGateway()) == StepResult()
