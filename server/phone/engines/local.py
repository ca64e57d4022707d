"""The OpenClaw agent itself on the telephone, with our own ears and voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.cast import Persona
from server.phone.engines.engine import CallDesk, EngineCall, EngineLine
from server.phone.engines.local_session import LocalSession, Surroundings


class LocalEngine:
    """Holds calls as conversations of our own pipeline; shared by all calls of the process.

    Args:
        surroundings: What they have in common.
        persona: Tells how an agent sounds, by its id.

    """

    name = "local"
    keeps_session = True

    def __init__(self, surroundings: Surroundings, persona: Callable[[str], Persona]) -> None:
        self._surroundings = surroundings
        self._persona = persona

    def open(self, call: EngineCall, line: EngineLine, desk: CallDesk) -> LocalSession:
        """Begin a call; nothing happens before :meth:`LocalSession.run`."""
        persona = self._persona(call.agent)
        if call.voice is not None:
            persona = replace(persona, voice=call.voice)
        return LocalSession(call, line, desk, persona, self._surroundings)
