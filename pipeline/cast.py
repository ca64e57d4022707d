"""Who takes part on the agents' side: their voices, and who answers whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.interfaces import Participant
from pipeline.relevance import Relevance
from pipeline.second_opinion import SecondOpinion
from pipeline.speech_text import CallDirective, VoiceDirective
from pipeline.spoken_requests import (
    SpokenRequest,
    VoiceRequest,
    WhichVoice,
    acknowledgement,
    read_request,
)
from pipeline.voice_choice import ChosenVoice, VoiceChoices


@dataclass(frozen=True, slots=True)
class Persona:
    """An agent as people hear it."""

    id: str
    name: str
    """What people call it."""

    voice: str
    """Its voice on the speech server, when nobody has chosen another."""

    speed: float = 1.0
    """Its pace, likewise; 1 is the voice's usual one."""


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

    voices: VoiceChoices = field(default_factory=VoiceChoices)
    """Which other voices there are, and what was chosen."""

    show: Callable[[str, str], None] | None = None
    """Shows people what of a reply is to be read: the agent's id, and markdown. ``None`` where
    they can read nothing."""

    call: Callable[[CallDirective], None] | None = None
    """Does what a reply asks of the telephone call, once all of the reply was heard; nothing of one
    that was interrupted. ``None`` where there is no call."""

    def persona(self, agent: str) -> Persona:
        """Return an agent's persona; one that is not configured speaks under its id."""
        return self.personas.get(agent) or Persona(agent, agent, "default")

    def names(self) -> list[str]:
        """Return everything that the agents are called."""
        names = [name for persona in self.personas.values() for name in (persona.id, persona.name)]
        return list(dict.fromkeys([*names, *(self.relevance.names() if self.relevance else ())]))

    def voice(
        self, agent: str, directive: VoiceDirective | None = None, language: str = ""
    ) -> ChosenVoice:
        """Return how a piece of an agent's reply is spoken. Changes nothing.

        Args:
            agent: Its id.
            directive: How it wants this reply to sound.
            language: ISO 639-1 code of the piece's language; "" for the agent's own voice.

        """
        return self.voices.of_reply(agent, self._settings_voices(agent), directive, language)

    def request_in(
        self, text: str, language: str, *, after_question: bool = False
    ) -> SpokenRequest | None:
        """Return what an utterance asks of the voice; ``None`` when it is for the agent.

        Args:
            text: The transcript.
            language: ISO 639-1 code.
            after_question: Whether the bot has just asked something.

        """
        request = read_request(text, self.names(), language=language, after_question=after_question)
        if isinstance(request, VoiceRequest) and request.which is WhichVoice.NAMED:
            return request if self.voices.server.spoken(request.words) else None
        return request

    def carry_out(self, request: SpokenRequest, agent: str, language: str) -> str:
        """Do what was asked of an agent's voice.

        Args:
            request: What was asked for.
            agent: Its id.
            language: ISO 639-1 code of the language it was asked in.

        Returns:
            What it says to that.

        """
        changed = self.voices.carry_out(request, agent, self._settings_voices(agent))
        return acknowledgement(request, changed=changed, language=language)

    def carry_out_calls(self, directives: Iterable[CallDirective]) -> None:
        """Do what a reply that was heard asks of the telephone call, if there is one."""
        if self.call is not None:
            for directive in directives:
                self.call(directive)

    def _settings_voices(self, agent: str) -> dict[str, ChosenVoice]:
        """Return everyone's voice when nobody chooses another, this agent's too."""
        everyone = {**self.personas, agent: self.persona(agent)}
        return {id_: ChosenVoice(one.voice, one.speed) for id_, one in everyone.items()}
