"""The check of ``doctor`` for the Gateway."""

from __future__ import annotations

from openclaw_client import AgentError, RequestError
from server.config import Config
from server.doctor import Finding, Outcome
from server.gateway.connection import gateway_client
from server.roster import RosterError, gateway_roster


async def check_gateway(config: Config) -> Finding:
    """Connect, and look whether the agents of the settings are there.

    Cancelling closes the connection.
    """
    if config.openclaw.base_url is None:
        return Finding(Outcome.SKIPPED, "openclaw.base_url is not set")
    try:
        async with gateway_client(config) as client:
            hello = await client.connected()
            found = f"gateway {hello.server_version or '?'}, protocol {hello.protocol}"
            try:
                agents = await client.agents()
            except RequestError as error:
                return Finding(Outcome.WARNING, f"{found}; it does not list its agents: {error}")
            roster = gateway_roster(config, agents)
    except RosterError as error:
        return Finding(Outcome.FAILED, f"{found}, but {error}", "set openclaw.agent_id")
    except AgentError as error:
        return Finding(Outcome.FAILED, str(error.args[0]), error.fix)
    missing = sorted(config.agents.keys() - roster.agents.keys())
    known = ", ".join(agent.id for agent in agents)
    if missing:
        return Finding(
            Outcome.WARNING,
            f"{found}; it has no agent {', '.join(missing)}, but: {known}",
            "name the gateway's agents in the section agents of the settings",
        )
    return Finding(Outcome.OK, f"{found}; agents: {known}")
