"""A client at a scripted gateway, and what to do with it."""

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from openclaw_client import AgentError, GatewayClient, OpenClawConfig, SpontaneousRun
from tests.peers.gateway_hub import GUARD, Ack, Chat, GatewayHub, Reply, performs

SESSION = "agent:main:discord:channel:5"
TOKEN = "hush-hush"
WHISPER = "whispered"
"""What is said in turns whose words must not get out."""


def guarded(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), GUARD))


async def whole(pieces: AsyncGenerator[str]) -> str:
    async with aclosing(pieces):
        return "".join([piece async for piece in pieces])


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener gets of a turn."""

    words: str
    error: AgentError | None = None


async def heard(pieces: AsyncGenerator[str]) -> Heard:
    """Listen to a reply to its end, or until it breaks off."""
    words = ""
    async with aclosing(pieces):
        try:
            async for piece in pieces:
                words += piece
        except AgentError as error:
            shown = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
            assert TOKEN not in shown
            assert WHISPER not in shown
            return Heard(words, error)
    return Heard(words)


async def asked(client: GatewayClient, session: str = SESSION, **more: Any) -> Heard:
    """Ask something and listen."""
    return await heard(client.ask(session, f"Ann: {WHISPER}", **more))


@asynccontextmanager
async def connected(
    gateway: GatewayHub, said: list[SpontaneousRun] | None = None, **settings: Any
) -> AsyncIterator[GatewayClient]:
    config = OpenClawConfig(
        base_url=gateway.url, auth_token=SecretStr(TOKEN), **{"retry_timeout": 5, **settings}
    )
    spontaneous = None if said is None else said.append
    async with GatewayClient(config, on_spontaneous=spontaneous) as client:
        yield client


def turn_that(*events: tuple[str, str | None], **more: Any) -> Reply:
    return performs(Ack(), *(Chat(state, text, more=more) for state, text in events))
