"""Runs that the gateway starts by itself in a session of ours: a timer, a finished job.

Other people's turns appear in the same sessions (the text channel's), and after a restart a
gateway takes up what was broken off; neither may be spoken. Only a run that the gateway marks
as its own, whose beginning was seen on a settled connection, counts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from openclaw_client.protocol import AgentEvent
from openclaw_client.runs import ChatEvent, ChatState

SETTLING = 30.0
"""Seconds after a connection was made in which runs that begin are leftovers: a restarted
gateway takes broken turns up 5 to 6 s after it is ready."""

_MOST = 32
_SILENT = frozenset({"", "HEARTBEAT_OK", "NO_REPLY"})


@dataclass(frozen=True, slots=True)
class SpontaneousRun:
    """Something an agent said by itself."""

    session_key: str
    run_id: str
    text: str


class SpontaneousRuns:
    """Follows them from their beginning to their words."""

    def __init__(self) -> None:
        self._begun: OrderedDict[str, str] = OrderedDict()
        self._settled_at: float | None = None

    def connected(self, now: float, *, first: bool) -> None:
        """A connection is ready; what was going on before is stale.

        Args:
            now: Seconds of any clock.
            first: Whether it is the first: nothing of ours can have been broken off.

        """
        self._begun.clear()
        self._settled_at = now if first else now + SETTLING

    def receive_agent(self, event: AgentEvent, now: float) -> None:
        """Take what happens in a run that is not one of ours."""
        if self._settled_at is None or now < self._settled_at or not event.by_itself:
            return
        if event.stream == "lifecycle" and event.data.get("phase") == "start":
            self._begun[event.run_id] = event.session_key
            if len(self._begun) > _MOST:
                self._begun.popitem(last=False)

    def receive_chat(self, event: ChatEvent) -> SpontaneousRun | None:
        """Take news of a run that is not one of ours; return it when it said something."""
        if event.state in {ChatState.STATUS, ChatState.DELTA}:
            return None
        session_key = self._begun.pop(event.run_id, None)
        text = (event.text or "").strip()
        if session_key is None or event.state is not ChatState.FINAL or text in _SILENT:
            return None
        return SpontaneousRun(session_key, event.run_id, text)
