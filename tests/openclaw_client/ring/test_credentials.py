"""Being let in by a real gateway: devices and tokens."""

from pathlib import Path

import pytest

from openclaw_client import (
    CredentialsError,
    DeviceStore,
    GatewayClient,
    LinkState,
)
from tests.openclaw_client.ring.talk import approved, guarded, settings, until, whole
from tests.peers.forwarding_proxy import forwarding_to
from tests.peers.real_gateway import RealGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_client_elsewhere_goes_on_once_its_device_is_approved(
    gateway: RealGateway, device: DeviceStore, session: str
):
    async def test() -> None:
        async with (
            forwarding_to(gateway.port) as url,
            GatewayClient(settings(gateway, base_url=url), device=device) as client,
        ):
            await approved(client, gateway)
            assert client.stats().scopes == ("operator.read", "operator.write")
            assert await whole(client.ask(session, "Ann: hi")) == "You said: Ann: hi"

    guarded(test)


def test_a_device_comes_back_with_its_own_token_alone(
    gateway: RealGateway, device_file: Path, session: str
):
    async def test() -> None:
        async with forwarding_to(gateway.port) as url:
            config = settings(gateway, base_url=url)
            async with GatewayClient(config, device=DeviceStore(device_file)) as client:
                await approved(client, gateway)
            config = config.model_copy(update={"auth_token": None})
            async with GatewayClient(config, device=DeviceStore(device_file)) as client:
                assert await whole(client.ask(session, "Ann: hi")) == "You said: Ann: hi"

    guarded(test)


def test_a_changed_token_is_asked_for_and_then_used(gateway: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            await client.connected()
            gateway.change_token()
            await until(lambda: client.stats().state is LinkState.REFUSED)
            with pytest.raises(CredentialsError, match="Set OPENCLAW_AUTH_TOKEN to the"):
                await whole(client.ask(session, "Ann: hi"))
            client.update(settings(gateway))
            assert await whole(client.ask(session, "Ann: hi")) == "You said: Ann: hi"

    guarded(test)


def test_a_device_outlives_a_change_of_the_shared_token(
    gateway: RealGateway, device: DeviceStore, session: str
):
    async def test() -> None:
        async with (
            forwarding_to(gateway.port) as url,
            GatewayClient(settings(gateway, base_url=url), device=device) as client,
        ):
            await approved(client, gateway)
            gateway.change_token()
            await until(lambda: client.stats().reconnects)
            assert await whole(client.ask(session, "Ann: hi")) == "You said: Ann: hi"

    guarded(test)
