"""Who takes part on the agents' side: their voices, and who answers whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.interfaces import Participant
from pipeline.relevance import Relevance
from pipeline.second_opinion import SecondOpinion


@dataclass(frozen=True, slots=True)
class Persona:
    """An agent as people hear it."""

    id: str
    name: str
    """What people call it."""

    voice: str
    """Its voice on the speech server."""


def no_session(_speaker: Participant, _agent: str) -> str | None:
    """Give the session key of agents that keep no sessions: none."""
    return None


@dataclass(slots=True)
class Cast:
    """The agents of one conversation. :attr:`agent` may be changed while it runs."""

    personas: Mapping[str, Persona]
    agent: str
    """Id of the agent that answers when none was named."""

    relevance: Relevance | None
    """Judges whether the bot was addressed; ``None`` where every turn is for it (the phone)."""

    session_key: Callable[[Participant, str], str | None] = no_session

    second_opinion: SecondOpinion | None = None
    """Judges close decisions once more; ``None`` where the rules' decision stands."""

    def persona(self, agent: str) -> Persona:
        """Return an agent's persona; one that is not configured speaks under its id."""
        return self.personas.get(agent) or Persona(agent, agent, "default")

    def names(self) -> list[str]:
        """Return everything that the agents are called."""
        names = [name for persona in self.personas.values() for name in (persona.id, persona.name)]
        return list(dict.fromkeys([*names, *(self.relevance.names() if self.relevance else ())]))
