"""Sans-I/O: what the shell of a Realtime call has to do."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any, TypeAlias

from server.phone.engines.engine import EngineEnd, EngineEvent, Wish
from server.phone.engines.realtime.replies import Sound
from server.phone.engines.realtime.tools import AskOpenClaw

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Send:
    """Send an event to the session."""

    text: str
    """JSON."""


@dataclass(frozen=True, slots=True)
class StopSound:
    """Stop playback, then tell :meth:`RealtimeProtocol.receive_stopped` what was heard."""


@dataclass(frozen=True, slots=True)
class UseTool:
    """Do what the model wants, then tell :meth:`RealtimeProtocol.receive_result` what came of it.

    What is queued to be heard is to be heard before a wish is granted.
    """

    call_id: str
    tool: AskOpenClaw | Wish


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the rest of the telephone."""

    event: EngineEvent


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Close the connection and open another."""

    reason: str
    """For the log."""


@dataclass(frozen=True, slots=True)
class End:
    """The call's talk is over."""

    end: EngineEnd


Step: TypeAlias = Send | Sound | StopSound | UseTool | Tell | Reconnect | End
"""In the order given."""


class Outbox:
    """Steps that wait to be done; after an :class:`End` there is only something to tell."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._number = 0
        self.ended = False
        """Whether the call is over."""

    def put(self, step: Step) -> None:
        """Add a step."""
        if not self.ended or isinstance(step, Tell):
            self._steps.append(step)
            self.ended = self.ended or isinstance(step, End)

    def send(self, event: Json) -> None:
        """Add an event to be sent."""
        self.put(Send(json.dumps(event)))

    def tell(self, event: EngineEvent) -> None:
        """Add something to be told."""
        self.put(Tell(event))

    def take(self) -> Step | None:
        """Take out the next step, or ``None``."""
        return self._steps.popleft() if self._steps else None

    def new_id(self, prefix: str) -> str:
        """Return an id for an event or item of ours, unique in the call."""
        self._number += 1
        return f"{prefix}_{self._number}"
