"""The Gateway in the service: its own connection, those of guilds and calls, and how they are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from openclaw_client import (
    AgentInfo,
    GatewayClient,
    GatewayConnectionError,
    GatewayStats,
    LinkState,
    RequestError,
    SpontaneousRun,
)
from server.config import Config
from server.gateway.agent import warm_up
from server.gateway.connection import gateway_client
from server.parts import PartState, PartStatus
from server.roster import RosterError, gateway_roster

logger = logging.getLogger(__name__)

OWN = "service"
"""Name of the service's own connection."""

_LOOK_AGAIN = 5.0
"""Seconds between looks whether the gateway was restarted: then it is cold again."""


class GatewayPart:
    """Keeps a connection to the gateway, warms its agents up, and opens connections for others.

    Args:
        config: Where the gateway is.

    """

    name = "gateway"

    def __init__(self, config: Config) -> None:
        self._config = config
        self._connections: dict[str, GatewayClient] = {}
        self._problem = ""
        self.router = self._routes()

    async def run(self) -> None:
        """Keep the service's own connection until cancelled."""
        if self._config.openclaw.base_url is None:
            return
        async with self.connection(OWN) as client:
            warm = None
            while True:
                with suppress(GatewayConnectionError):  # the client says why, and tries again
                    hello = await client.connected()
                    if hello is not warm:
                        await self._settle(client)
                        warm = hello
                await asyncio.sleep(_LOOK_AGAIN)

    def status(self) -> PartStatus:
        """How the service's own connection is doing now."""
        if self._config.openclaw.base_url is None:
            return PartStatus(PartState.OFF, "openclaw.base_url is not set")
        client = self._connections.get(OWN)
        stats = client.stats() if client else None
        if stats is None or (stats.state is not LinkState.READY and not stats.error):
            return PartStatus(PartState.STARTING, "connecting to the gateway")
        if stats.state is LinkState.READY and self._problem:
            return PartStatus(PartState.DEGRADED, self._problem)
        if stats.state is LinkState.READY:
            return PartStatus(
                PartState.OK, f"gateway {stats.server_version or '?'}, protocol {stats.protocol}"
            )
        return PartStatus(PartState.DEGRADED, stats.error)

    async def agents(self) -> tuple[AgentInfo, ...]:
        """Return the agents that the gateway knows now; none when it is not configured.

        Raises:
            AgentError: It could not be reached, or refused.

        Cancelling is safe.

        """
        client = self._connections.get(OWN)
        return await client.agents() if client else ()

    @asynccontextmanager
    async def connection(
        self, name: str, on_spontaneous: Callable[[SpontaneousRun], None] | None = None
    ) -> AsyncIterator[GatewayClient]:
        """Open a connection that nobody else uses; it is closed at the end of the block.

        Args:
            name: Whose it is, such as ``guild:<id>``; one at a time.
            on_spontaneous: Is told what agents say by themselves; must not block or raise.

        """
        if name in self._connections:
            raise AssertionError(name)
        async with gateway_client(self._config, on_spontaneous) as client:
            self._connections[name] = client
            try:
                yield client
            finally:
                del self._connections[name]

    def stats(self) -> dict[str, GatewayStats]:
        """Return what is known of every connection, by its name."""
        return {name: client.stats() for name, client in self._connections.items()}

    async def _settle(self, client: GatewayClient) -> None:
        """Look at a gateway that is new to us, and warm its agents up."""
        self._problem = ""
        try:
            roster = gateway_roster(self._config, await client.agents())
        except (RosterError, RequestError) as error:
            self._problem = str(error)
            logger.warning("Gateway: %s", error)
            return
        if self._config.openclaw.warm_up:
            await warm_up(client, roster)

    def _routes(self) -> APIRouter:
        router = APIRouter(tags=["gateway"])

        @router.get("/gateway")
        async def connections() -> dict[str, Any]:
            """Tell how the connections to the gateway are, by name."""
            return {"connections": {name: asdict(one) for name, one in self.stats().items()}}

        return router
