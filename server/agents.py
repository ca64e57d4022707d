"""Opens what answers: the OpenClaw Gateway, a chat server, or an echo."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import openclaw_client
from openclaw_client import Place, discord_key
from pipeline.agents.chat_completions import ChatCompletionsAgent
from pipeline.agents.echo import EchoAgent
from pipeline.cast import no_session
from pipeline.interfaces import Agent, Participant
from server.config import Config
from server.gateway.agent import GatewayAgent, translated, warm_up
from server.gateway.connection import gateway_client
from server.gateway.part import GatewayPart
from server.roster import Roster, configured_roster, gateway_roster

_NOT_IN_KEYS = re.compile(r"[^a-z0-9_.@+-]+")


async def _nothing() -> None:
    """There is nothing to warm up."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers in a conversation."""

    agent: Agent
    roster: Roster
    session_key: Callable[[Participant, str], str | None] = no_session
    """Which session of an agent a speaker's turns belong to."""

    warm_up: Callable[[], Coroutine[None, None, None]] = _nothing
    """Makes first turns as quick as later ones; to be run beside the conversation."""


@asynccontextmanager
async def open_agents(config: Config, place: str, wanted: str = "") -> AsyncIterator[Answering]:
    """Open what the settings name: ``chat.base_url``, else ``openclaw.base_url``, else an echo.

    Args:
        config: The settings.
        place: Stands for channel and guild in session keys.
        wanted: Id of the agent that is to answer; "" for that of the settings.

    Raises:
        RosterError: There is no such agent.
        AgentError: The gateway cannot be reached, or does not let us in.

    """
    if config.chat.base_url is not None:
        roster = configured_roster(config, wanted)
        agent = ChatCompletionsAgent(config.chat, roster.names())
        try:
            yield Answering(agent, roster)
        finally:
            await agent.aclose()
    elif config.openclaw.base_url is not None:
        async with _open_gateway(config, place, wanted) as answering:
            yield answering
    else:
        roster = configured_roster(config, wanted)
        yield Answering(EchoAgent(roster.names()), roster)


@asynccontextmanager
async def open_agent(config: Config, gateway: GatewayPart, name: str) -> AsyncIterator[Agent]:
    """Open who answers in conversations of the service.

    Args:
        config: Tells whether that is a chat server, the gateway or an echo, and agents' names.
        gateway: Opens the connection to the gateway.
        name: Whose connection it is, such as ``guild:<id>``.

    """
    if config.uses_gateway:
        async with gateway.connection(name) as client:
            yield GatewayAgent(client)
        return
    names = configured_roster(config).names()
    if config.chat.base_url is None:
        yield EchoAgent(names)
        return
    agent = ChatCompletionsAgent(config.chat, names)
    try:
        yield agent
    finally:
        await agent.aclose()


@asynccontextmanager
async def _open_gateway(config: Config, place: str, wanted: str) -> AsyncIterator[Answering]:
    async with gateway_client(config) as client:
        try:
            await client.connected()
            roster = gateway_roster(config, await client.agents(), wanted)
        except openclaw_client.AgentError as error:
            raise translated(error) from None
        yield Answering(
            GatewayAgent(client),
            roster,
            partial(_session_key, config, place),
            partial(warm_up, client, roster) if config.openclaw.warm_up else _nothing,
        )


def _session_key(config: Config, place: str, speaker: Participant, agent: str) -> str:
    where = Place(user_id=_segment(speaker.id), channel_id=place, guild_id=place)
    return discord_key(config.openclaw.session_scope, agent, where)


def _segment(name: str) -> str:
    """Return a name as a session key can hold it."""
    return _NOT_IN_KEYS.sub("-", name.lower()).strip("-.@+") or "speaker"
