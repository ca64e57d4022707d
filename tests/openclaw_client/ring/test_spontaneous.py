"""What agents of a real gateway say by themselves."""

import pytest

from openclaw_client import GatewayClient, SpontaneousRun
from tests.openclaw_client.ring.talk import guarded, settings, until, wake
from tests.peers.real_gateway import RealGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize(("agent", "allowed"), [("main", True), ("jarvis", False)])
def test_what_an_agent_says_by_itself_is_passed_on_where_allowed(
    gateway: RealGateway, channel: str, agent: str, allowed: bool
):
    async def test() -> None:
        said: list[SpontaneousRun] = []
        listening: list[SpontaneousRun] = []
        session = f"agent:{agent}:{channel}"
        async with (
            GatewayClient(settings(gateway, spontaneous=allowed), on_spontaneous=said.append) as us,
            GatewayClient(
                settings(gateway, spontaneous=True), on_spontaneous=listening.append
            ) as them,
        ):
            for client in (us, them):
                await client.connected()
                client.follow(session)
                await client.agents()  # answered after the subscription
            await wake(us, session)
            await until(lambda: listening)
            await us.agents()  # whatever was sent to us before is here now
            texts = [(one.session_key, one.text) for one in said]
            assert texts == ([(session, "Your tea is ready.")] if allowed else [])

    guarded(test)
