"""Whether a Gateway is there and lets us in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from openclaw_client import (
    AgentInfo,
    GatewayClient,
    GatewayConnectionError,
    RequestError,
    Retry,
    UnavailableError,
)
from server.config import Config
from server.gateway.connection import gateway_client

_STARTING = 20.0
"""Seconds that a gateway may take which says that it is only starting."""

_LOOK_AGAIN = 1.0
"""Seconds between looks whether somebody has approved this device."""


@dataclass(frozen=True, slots=True)
class FoundGateway:
    """A gateway that let us in."""

    version: str
    agents: tuple[AgentInfo, ...]
    """Empty where the gateway does not tell."""


async def find_gateway(config: Config) -> FoundGateway:
    """Connect to the gateway of the settings, once.

    Raises:
        GatewayConnectionError: It is not there, or does not let us in.

    Cancelling closes the connection.

    """
    async with gateway_client(config) as client:
        try:
            return await _look(client)
        except UnavailableError:
            return await _look(client, _STARTING)


async def wait_for_approval(config: Config, tell: Callable[[str], None]) -> FoundGateway:
    """Stay at the gateway until somebody has approved this device there.

    Args:
        config: Where the gateway is.
        tell: Called with what is to be done whenever that has changed.

    Raises:
        GatewayConnectionError: Waiting does not help any more.

    Cancelling closes the connection.

    """
    told = ""
    async with gateway_client(config) as client:
        while True:
            try:
                return await _look(client)
            except GatewayConnectionError as error:
                if error.retry is Retry.NEVER:
                    raise
                if told != str(error):
                    told = str(error)
                    tell(told)
            await asyncio.sleep(_LOOK_AGAIN)


async def _look(client: GatewayClient, within: float = 0.0) -> FoundGateway:
    hello = await client.connected(within)
    try:
        agents = await client.agents()
    except RequestError:  # it does not tell; that is no reason not to use it
        agents = ()
    return FoundGateway(hello.server_version, agents)
