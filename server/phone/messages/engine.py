"""What takes messages: an engine that asks no agent."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.cast import Persona
from server.phone.calls.config import InboundConfig
from server.phone.engines.engine import CallDesk, EngineCall, EngineLine
from server.phone.engines.local_session import Surroundings
from server.phone.messages.session import MessageSession
from server.phone.messages.transcriber import Transcriber


class MessageEngine:
    """Takes messages with our own ears and voice, whoever talks in other calls.

    An :class:`~server.phone.engines.engine.Engine`, shared by all calls of the process.

    Args:
        surroundings: What all calls have in common. Its agents are never asked.
        persona: Tells how an agent sounds, by its id.
        config: What callers hear, and how long a message may be.

    """

    name = "message"
    keeps_session = True  # that is, no session is to be told: strangers speak here

    def __init__(
        self,
        surroundings: Surroundings,
        persona: Callable[[str], Persona],
        config: InboundConfig,
    ) -> None:
        self._surroundings = surroundings
        self._persona = persona
        self._config = config

    def open(self, call: EngineCall, line: EngineLine, desk: CallDesk) -> MessageSession:
        """Begin to take a message; nothing happens before :meth:`MessageSession.run`."""
        persona = self._persona(call.agent)
        return MessageSession(call, line, desk, persona, self._config, self._surroundings)

    def transcriber(self) -> Transcriber:
        """Return what writes messages down."""
        around = self._surroundings
        return Transcriber(around.engines.vad, around.engines.stt, around.pipeline.vad)
