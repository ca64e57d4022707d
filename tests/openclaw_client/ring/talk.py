"""Talking with the agents of a real gateway, through the client as it is shipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from openclaw_client import GatewayClient, LinkState, OpenClawConfig, PairingRequiredError
from tests.peers.real_gateway import RealGateway

GUARD = 90.0
"""Seconds after which a test that hangs is given up; a restart alone takes 16."""


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), GUARD))


def settings(gateway: RealGateway, **more: Any) -> OpenClawConfig:
    values = {"base_url": gateway.url, "auth_token": SecretStr(gateway.token)}
    return OpenClawConfig(**{**values, "retry_timeout": GUARD, **more})


@dataclass
class Reply:
    """A reply as it comes."""

    source: AsyncGenerator[str]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    async def words(self, count: int) -> str:
        """Listen until so many words were heard."""
        while len(self.text.split()) < count:
            self.pieces.append(await anext(self.source))
        return self.text

    async def whole(self) -> str:
        """Listen to the end."""
        async with aclosing(self.source) as source:
            async for piece in source:
                self.pieces.append(piece)
        return self.text


async def whole(source: AsyncGenerator[str]) -> str:
    return await Reply(source).whole()


async def until(condition: Callable[[], object]) -> None:
    """Wait for what the gateway or its model brings about."""
    async with asyncio.timeout(GUARD):
        while not condition():  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.02)


async def wake(client: GatewayClient, session_key: str) -> None:
    """Have an agent say something by itself, as a timer would; at most every 30 s per agent."""
    await client.connected()
    params = {"mode": "now", "text": "The timer rang.", "sessionKey": session_key}
    await client._link.request("wake", params)


async def approved(client: GatewayClient, gateway: RealGateway) -> None:
    """Do what the refusal says, and wait until the client has gone on by itself."""
    with pytest.raises(PairingRequiredError) as refused:
        await client.connected()
    where, command = refused.value.fix.split(": ")
    assert where == "On the gateway's machine run"
    await asyncio.to_thread(gateway.run_command, command)
    await until(lambda: client.stats().state is LinkState.READY)
