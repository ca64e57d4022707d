"""Sans-I/O: whether the bot hears, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReceiveStats:
    """What came of everything received in one voice connection."""

    packets: int = 0
    """Audio packets that the media server's key opened."""

    transport_failures: int = 0
    """Audio packets that it did not open."""

    malformed: int = 0
    """Audio packets that made no sense."""

    encrypted: int = 0
    """Packets that were encrypted from end to end, and opened."""

    passed_through: int = 0
    """Packets in the clear, where that is allowed."""

    dave_failures: Mapping[str, int] = field(default_factory=dict)
    """Packets that were not decrypted end to end, by reason."""

    recoveries: int = 0
    """How often the group's keys had to be asked for again."""

    held: int = 0
    """Packets that waited for their sender or their key."""

    expired: int = 0
    """Packets given up: they did not open, or had no room to wait."""

    identified: int = 0
    """Senders found by their key."""

    lost: int = 0
    """Packets that never came, or too late to wait for."""

    late: int = 0
    """Packets that came twice or too late."""

    undecodable: int = 0
    """Packets that were no Opus."""

    overflowed: int = 0
    """Datagrams and frames thrown away because the machine was too busy."""

    last_heard_at: float | None = None
    """When somebody was last heard, in seconds on the conversation clock."""


class DeafWatch:
    """Notices that people speak and nothing of it is heard."""

    def __init__(self) -> None:
        self._since: float | None = None

    def receive_sign(self, now: float) -> None:
        """Take in that somebody speaks: Discord says so, or their packets arrive."""
        if self._since is None:
            self._since = now

    def receive_sound(self) -> None:
        """Take in that somebody was heard, or that nobody can be for a known reason."""
        self._since = None

    def deaf_for(self, now: float) -> float:
        """Return how many seconds people have spoken without any of it being heard."""
        return 0.0 if self._since is None else now - self._since
