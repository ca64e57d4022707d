"""Sans-I/O: our own numbers, and who talks on each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openclaw_client import session_key
from server.phone.config import NumberConfig, PhoneConfig


@dataclass(frozen=True, slots=True)
class PhoneAgent:
    """Who talks on the telephone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """One of our numbers, as the settings have it."""

    agent: PhoneAgent
    """Who answers those who call it, and who calls from it."""

    greeting: str
    """What is said first to those who call it; see ``phone.greeting.inbound``."""

    instructions: str
    """What the agent is told of telephone calls."""

    caller_name: str | None
    """On whose behalf it calls, where that is known."""


class OwnNumbers:
    """Tells what is different for one of several numbers of ours.

    Args:
        config: The telephone's settings.
        agent: Who talks where they name nobody.
        name_of: Returns how an agent introduces itself, by its id.

    """

    def __init__(
        self, config: PhoneConfig, agent: PhoneAgent, name_of: Callable[[str], str]
    ) -> None:
        self._config = config
        self._agent = agent
        self._name_of = name_of

    def of(self, number: str) -> OwnNumber:
        """Return what holds for a number of ours; one without settings of its own is as usual."""
        own, usual = self._config.numbers.get(number, NumberConfig()), self._config.agent
        greeting = self._config.greeting.inbound if own.greeting is None else own.greeting
        return OwnNumber(
            self._agent_of(own),
            greeting,
            own.agent.instructions or usual.instructions,
            own.agent.caller_name or usual.caller_name,
        )

    def _agent_of(self, own: NumberConfig) -> PhoneAgent:
        if own.agent.id is None:
            return PhoneAgent(self._agent.id, own.agent.name or self._agent.name)
        agent = session_key.agent_id(own.agent.id)
        return PhoneAgent(agent, own.agent.name or self._name_of(agent))
