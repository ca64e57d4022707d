"""Nothing shows a token, a password, a key or what was said, whatever goes wrong."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from openclaw_client import DeviceStore, GatewayClient, OpenClawConfig, PerGuildOpenClawClient
from tests.openclaw_client.captured import hello
from tests.openclaw_client.clients import TOKEN, WHISPER, asked, guarded
from tests.openclaw_client.conftest import DEVICE_TOKEN, PASSWORD
from tests.peers.gateway_hub import (
    Ack,
    Chat,
    Close,
    GatewayHub,
    Raw,
    Reply,
    Request,
    Visit,
    by_turn,
    echo,
    performs,
    silence,
)

pytestmark = pytest.mark.usefixtures("secrets_kept")


def refusing(code: str, detail: str) -> Reply:
    async def refuse(visit: Visit, request: Request) -> None:
        details = {"code": detail, "requestId": "r-1", "expectedProtocol": 9}
        await visit.refuse(request["id"], code, "no", details=details)
        await visit.close(1008, "no")

    return refuse


async def repeats_everything(visit: Visit, request: Request) -> None:
    """Answer with all that was shown, in a field that we do not expect."""
    greeted = {**hello(auth={"scopes": [], "deviceToken": DEVICE_TOKEN}), "echo": request}
    await visit.answer(request["id"], greeted)


HANDSHAKES: dict[str, Reply] = {
    "credentials": refusing("INVALID_REQUEST", "AUTH_TOKEN_MISMATCH"),
    "pairing": refusing("NOT_PAIRED", "PAIRING_REQUIRED"),
    "device": refusing("INVALID_REQUEST", "DEVICE_AUTH_SIGNATURE_INVALID"),
    "protocol": refusing("INVALID_REQUEST", "PROTOCOL_MISMATCH"),
    "busy": refusing("UNAVAILABLE", "X"),
    "scopes": repeats_everything,
    "garbage": performs(Raw(b"\x00")),
    "close": performs(Close(1011, "internal error")),
    "silence": silence,
}

TURNS: dict[str, Reply] = {
    "refused": refusing("INVALID_REQUEST", "X"),
    "failed": performs(Ack(), Chat("error", more={"errorMessage": "no model"})),
    "stalled": performs(Ack(), Chat("delta", "w0 w1")),
    "garbage": performs(Ack(), Raw("?")),
    "closed": performs(Close(1009, "message too big")),
    "answered": echo,
}


def settings(hub: GatewayHub, **secrets: SecretStr) -> OpenClawConfig:
    times = dict.fromkeys(("timeout", "stall_timeout", "retry_timeout", "connect_timeout"), 0.1)
    return OpenClawConfig(base_url=hub.url, **times, **secrets)


def shown(client: GatewayClient, config: OpenClawConfig, store: DeviceStore) -> str:
    """Return all that objects say of themselves."""
    things: list[Any] = [
        client,
        config,
        config.model_dump(),
        store,
        store.identity(),
        client.stats(),
        PerGuildOpenClawClient(config),
        client._link._credentials.greeting(),
    ]
    return " ".join(f"{thing} {thing!r}" for thing in things)


async def try_everything(hub: GatewayHub, store: DeviceStore) -> str:
    said = []
    for secret in ({"auth_token": SecretStr(TOKEN)}, {"password": SecretStr(PASSWORD)}, {}):
        config = settings(hub, **secret)
        async with GatewayClient(config, device=store) as client:
            failed = await asked(client)
            said.append(f"{failed.error!r} {failed.error}")
            said.append(shown(client, config, store))
    return " ".join(said)


def check(said: str, seed: str, caplog: pytest.LogCaptureFixture) -> None:
    for secret in (TOKEN, PASSWORD, DEVICE_TOKEN, seed, WHISPER):
        assert secret not in said
    assert seed not in caplog.text
    assert any(record.levelno == logging.DEBUG for record in caplog.records)


@pytest.mark.parametrize("greet", HANDSHAKES.values(), ids=HANDSHAKES.keys())
def test_a_handshake_that_fails_shows_no_secret(
    greet: Reply, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async def test() -> None:
        hub, store = GatewayHub(), DeviceStore(tmp_path / "device.json")
        hub.greet = greet
        async with hub.running():
            store.keep_token(hub.url, DEVICE_TOKEN)
            said = await try_everything(hub, store)
        seed = json.loads((tmp_path / "device.json").read_text())["seed"]
        check(said, seed, caplog)
        sent = [json.dumps(params) for params in hub.asked("connect")]
        assert any(PASSWORD in text for text in sent)

    guarded(test)


@pytest.mark.parametrize("reply", TURNS.values(), ids=TURNS.keys())
def test_a_turn_shows_no_secret(reply: Reply, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async def test() -> None:
        hub, store = GatewayHub(), DeviceStore(tmp_path / "device.json")
        hub.hello["auth"]["deviceToken"] = DEVICE_TOKEN
        hub.replies["agent"] = by_turn(reply)
        async with hub.running():
            said = await try_everything(hub, store)
            assert store.token(hub.url) == DEVICE_TOKEN
        seed = json.loads((tmp_path / "device.json").read_text())["seed"]
        check(said, seed, caplog)
        assert any(WHISPER in params["message"] for params in hub.asked("agent"))

    guarded(test)
