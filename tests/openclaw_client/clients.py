"""A client at a scripted gateway, and what to do with it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from openclaw_client import GatewayClient, OpenClawConfig, SpontaneousRun
from tests.openclaw_client.small_gateway import GUARD, Reply, SmallGateway, Visit

SESSION = "agent:main:discord:channel:5"


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), GUARD))


async def whole(pieces: AsyncGenerator[str]) -> str:
    async with aclosing(pieces):
        return "".join([piece async for piece in pieces])


@asynccontextmanager
async def connected(
    gateway: SmallGateway, said: list[SpontaneousRun] | None = None, **settings: Any
) -> AsyncIterator[GatewayClient]:
    config = OpenClawConfig(
        base_url=gateway.url, auth_token=SecretStr("hush-hush"), **{"retry_timeout": 5, **settings}
    )
    spontaneous = None if said is None else said.append
    async with GatewayClient(config, on_spontaneous=spontaneous) as client:
        yield client


def turn_that(*events: tuple[str, str | None], **more: Any) -> Reply:
    async def reply(visit: Visit, request: dict[str, Any]) -> None:
        key = request["params"]["idempotencyKey"]
        await visit.answer(request["id"], {"runId": key, "status": "accepted"})
        for state, text in events:
            await visit.chat(key, state, text, **more)

    return reply
