"""Sans-I/O: what was said in a call, for a session that takes over from another."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from server.phone.engines.realtime.client_events import add_message

Json = dict[str, Any]
Role: TypeAlias = Literal["user", "assistant", "system"]

MOST_CHARACTERS: Final = 24_000
"""Characters that are carried over; about 6000 tokens."""

_LEFT_OUT = "The call has lasted long; its beginning is left out here."


@dataclass(frozen=True, slots=True)
class _Entry:
    at: float
    role: Role
    text: str


class Memory:
    """What both sides have said, in the order of time."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._characters = 0
        self._left_out = False

    def add(self, at: float, role: Role, text: str) -> None:
        """Remember something.

        Args:
            at: When it was said; what the caller says is known later than it was said.
            role: Who said it.
            text: The words; of the model only those that were heard.

        """
        if not text:
            return
        entry = _Entry(at, role, text)
        later = 0
        while later < len(self._entries) and self._entries[-1 - later].at > at:
            later += 1
        self._entries.insert(len(self._entries) - later, entry)
        self._characters += len(text)
        while self._characters > MOST_CHARACTERS and len(self._entries) > 1:
            self._characters -= len(self._entries.popleft().text)
            self._left_out = True

    def to_events(self, prefix: str) -> list[Json]:
        """Return the events that tell it to a new session.

        Args:
            prefix: Of the items' ids.

        """
        entries = [(entry.role, entry.text) for entry in self._entries]
        if self._left_out:
            entries.insert(0, ("system", _LEFT_OUT))
        return [
            add_message(f"{prefix}_{number}", role, text)
            for number, (role, text) in enumerate(entries)
        ]
