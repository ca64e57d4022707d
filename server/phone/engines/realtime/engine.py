"""An OpenAI Realtime model on the telephone, which asks OpenClaw what it does not know."""

from __future__ import annotations

from server.phone.engines.engine import CallDesk, EngineCall, EngineLine
from server.phone.engines.realtime.session import RealtimeSession, Surroundings


class RealtimeEngine:
    """Holds calls with a model that hears and speaks by itself; shared by all calls of the process.

    The sound of calls goes to OpenAI, as mu-law, and comes back so.

    Args:
        surroundings: What the calls have in common.

    """

    name = "realtime"
    keeps_session = False

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def open(self, call: EngineCall, line: EngineLine, desk: CallDesk) -> RealtimeSession:
        """Begin a call; nothing happens before :meth:`RealtimeSession.run`."""
        return RealtimeSession(call, line, desk, self._surroundings)
