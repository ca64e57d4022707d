"""Which agents people can talk with, and what they are called."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openclaw_client import AgentInfo, UnknownAgentError
from pipeline.config import AgentConfig
from pipeline.judgement import NamedAgent
from server.config import Config

logger = logging.getLogger(__name__)


class RosterError(Exception):
    """The agent that should answer does not exist; the message says which ones do."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The agents of a conversation."""

    agents: Mapping[str, AgentConfig]
    """By id; never empty."""

    default: str
    """Id of the one that answers when none was named."""

    def names(self) -> Mapping[str, str]:
        """Return what people call each agent, by its id."""
        return {id_: agent.name or id_.capitalize() for id_, agent in self.agents.items()}

    def named(self) -> list[NamedAgent]:
        """Return every agent with the names it answers to."""
        return [
            NamedAgent(id_, (agent.name or id_, *agent.names)) for id_, agent in self.agents.items()
        ]


def configured_roster(config: Config, wanted: str = "") -> Roster:
    """Return the agents of the settings.

    Args:
        config: The settings.
        wanted: Id of the agent that is to answer; "" for that of the settings.

    Raises:
        RosterError: The settings name no such agent.

    """
    if wanted and wanted not in config.agents:
        known = ", ".join(config.agents)
        raise RosterError(f"there is no agent {wanted!r}; the settings name {known}")
    default = config.openclaw.agent_id
    first = default if default in config.agents else next(iter(config.agents))
    return Roster(config.agents, wanted or first)


def gateway_roster(config: Config, known: Iterable[AgentInfo], wanted: str = "") -> Roster:
    """Return the agents that the gateway knows and that people may name.

    These are the agents of the settings, without those that the gateway does not have, and the
    one that answers when none was named, whose name is the gateway's if the settings have none.

    Args:
        config: The settings.
        known: The gateway's agents; empty when it does not tell.
        wanted: Id of the agent that is to answer; "" for that of the settings.

    Raises:
        RosterError: The gateway has no such agent, nor any other of the settings.

    """
    by_id = {agent.id.lower(): agent for agent in known}
    if not by_id:
        return configured_roster(config, wanted)
    agents = {id_: agent for id_, agent in config.agents.items() if id_ in by_id}
    default = wanted or config.openclaw.agent_id
    if default not in by_id:
        if wanted or not agents:
            raise RosterError(str(UnknownAgentError(default, by_id)))
        instead = next(iter(agents))
        logger.warning(
            "The gateway knows no agent %r, the one of openclaw.agent_id: %s answers instead."
            " It has: %s",
            default,
            instead,
            ", ".join(by_id),
        )
        default = instead
    if default not in agents:
        agents[default] = AgentConfig(name=by_id[default].name)
    if missing := sorted(config.agents.keys() - by_id.keys()):
        logger.info(
            "The settings name agents that the gateway does not have: %s. It has: %s",
            ", ".join(missing),
            ", ".join(by_id),
        )
    return Roster(agents, default)
