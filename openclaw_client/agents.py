"""The agents of a gateway."""

from __future__ import annotations

from dataclasses import dataclass

from openclaw_client.frames import Json, as_dict, as_text


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """One agent."""

    id: str
    name: str
    """What people call it; its id where it has no name."""

    model: str = ""
    """The model it uses; "" where the gateway does not tell."""

    default: bool = False
    """Whether it answers when nobody is named."""


def read_agents(payload: Json) -> tuple[AgentInfo, ...]:
    """Read the answer of ``agents.list``."""
    rows = payload.get("agents")
    default = as_text(payload.get("defaultId"))
    agents = []
    for row in rows if isinstance(rows, list) else []:
        agent = as_dict(row)
        if agent_id := as_text(agent.get("id")):
            model = agent.get("model")
            agents.append(
                AgentInfo(
                    id=agent_id,
                    name=as_text(agent.get("name")) or agent_id,
                    model=as_text(as_dict(model).get("primary")) or as_text(model),
                    default=agent_id == default,
                )
            )
    return tuple(agents)
