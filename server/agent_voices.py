"""With which voices the agents speak, by the settings and by what the speech server has."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.cast import Persona
from pipeline.config import AgentConfig, TtsConfig
from pipeline.errors import TextToSpeechError
from pipeline.tts import HttpTextToSpeech
from pipeline.voice_choice import deal_voices
from pipeline.voice_names import ASSUMED, DEFAULT, ServerVoices
from server.config import Config
from server.roster import Roster

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AgentVoices:
    """Gives every agent its voice.

    An agent speaks with the voice of its settings, else with the server's voice of its own name,
    else with that of ``tts.voice``. Where that was left open, the agent that answers by default
    has the server's default voice, and each other one of its own, the same after every start.
    """

    config: Config
    server: ServerVoices
    """The voices there are."""

    @classmethod
    async def ask(cls, config: Config, tts: HttpTextToSpeech) -> AgentVoices:
        """Ask the speech server which voices it has.

        Never fails: where it cannot be asked, agents without a voice have the default one.
        Cancelling is safe.
        """
        try:
            behind = await tts.voices()
        except TextToSpeechError as error:
            logger.warning("%s; which voices there are is not known", error)
            behind = {}
        return cls(config, ServerVoices(tuple(behind), behind))

    def personas(self, roster: Roster) -> dict[str, Persona]:
        """Return every agent as people hear it."""
        names = roster.names()
        voices = {id_: self._settled(id_, agent) for id_, agent in roster.agents.items()}
        taken = {voice for voice in voices.values() if voice}
        main = main_agent(self.config)
        if main in voices and not voices[main]:
            voices[main] = self._default(taken)
            taken.add(voices[main])
        unsettled = {id_ for id_, voice in voices.items() if not voice}
        voices |= self._dealt(unsettled, taken | voices.keys())
        return {
            id_: Persona(id_, names[id_], voices[id_], self._speed(agent))
            for id_, agent in roster.agents.items()
        }

    def persona(
        self, id_: str, name: str, agent: AgentConfig, others: Iterable[Persona]
    ) -> Persona:
        """Return one more agent as people hear it.

        Args:
            id_: Its id.
            name: What people call it.
            agent: What the settings say of it.
            others: Those who have their voices already.

        """
        others = [other for other in others if other.id != id_]
        taken = {other.voice for other in others}
        voice = self._settled(id_, agent)
        if not voice and id_ == main_agent(self.config):
            voice = self._default(taken)
        voice = voice or self._dealt({id_}, taken | {other.id for other in others})[id_]
        return Persona(id_, name, voice, self._speed(agent))

    def _settled(self, id_: str, agent: AgentConfig) -> str:
        """Return the voice that is an agent's whatever others have, "" when there is none."""
        if agent.voice:
            return agent.voice
        if self.server.names and (voice := self.server.find(id_)):
            return voice
        wanted = self.config.tts.voice
        return "" if wanted == TtsConfig().voice else self.server.find(wanted) or wanted

    def _default(self, taken: set[str]) -> str:
        """Return the server's default voice, "" when others speak with it."""
        used = {self.server.read(voice).name for voice in taken}
        voice = self.server.find(DEFAULT)
        return voice if voice and self.server.read(voice).name not in used else ""

    def _dealt(self, agents: set[str], taken: set[str]) -> dict[str, str]:
        """Return voices of their own for some agents; those named as others are, are taken, too."""
        language = self.config.pipeline.stt.language
        spoken = ASSUMED if language == "auto" else language
        dealt = deal_voices(agents, self.server, language=spoken, taken=taken)
        return dict.fromkeys(agents, DEFAULT) | dealt

    def _speed(self, agent: AgentConfig) -> float:
        return agent.speed or self.config.tts.speed


def main_agent(config: Config) -> str:
    """Return the id of the agent that answers when neither a guild nor a speaker names one."""
    if config.uses_gateway or config.openclaw.agent_id in config.agents:
        return config.openclaw.agent_id
    return next(iter(config.agents))
