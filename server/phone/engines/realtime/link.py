"""Sans-I/O: the session behind a call, and its replacement before OpenAI ends it."""

from __future__ import annotations

from collections import deque
from typing import Final

ROTATE_AFTER: Final = 55 * 60.0
"""Seconds of a session after which another takes over at the next quiet moment."""

ROTATE_BY: Final = 59 * 60.0
"""Seconds after which it does so in the middle of everything: at 60 minutes OpenAI ends it."""

SET_UP: Final = 10.0
"""Seconds until a session has to be set up."""

BACKLOG: Final = 10.0
"""Seconds of the caller's sound that are kept while there is no session."""

_FRAMES: Final = int(BACKLOG / 0.02)


class Link:
    """One session after the other."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._ready_at: float | None = None
        self._backlog: deque[bytes] = deque(maxlen=_FRAMES)
        self._renew = False
        self.unanswered = False
        """Whether the last session has left the caller without an answer."""

    @property
    def ready(self) -> bool:
        """Whether the session takes sound."""
        return self._ready_at is not None

    def connect(self, now: float) -> None:
        """Take in that a connection is open."""
        self._since, self._ready_at, self._renew = now, None, False

    def confirm(self, now: float) -> bool:
        """Take in that the session is set up; false when it was already."""
        if self.ready or self._since is None:
            return False
        self._ready_at = now
        return True

    def lose(self, *, unanswered: bool) -> None:
        """Take in that the connection is gone.

        Args:
            unanswered: Whether something was being said on it, or about to be.

        """
        self._since = self._ready_at = None
        self.unanswered = self.unanswered or unanswered

    def keep(self, ulaw: bytes) -> None:
        """Keep the caller's sound for the next session."""
        self._backlog.append(ulaw)

    def take_backlog(self) -> bytes:
        """Take out the caller's sound that no session got."""
        sound = b"".join(self._backlog)
        self._backlog.clear()
        return sound

    def renew(self) -> None:
        """Let another session take over at the next quiet moment."""
        self._renew = True

    def is_over(self, now: float, *, quiet: bool) -> str | None:
        """Return why another session has to take over now, or ``None``.

        Args:
            now: The time.
            quiet: Whether nothing is said or prepared.

        """
        if self._since is None:
            return None
        if self._ready_at is None:
            return "the session was not set up in time" if now >= self._since + SET_UP else None
        if now >= self._since + ROTATE_BY or (quiet and now >= self._since + ROTATE_AFTER):
            return "the session comes to its longest duration"
        return "its settings change" if quiet and self._renew else None

    def deadline(self, now: float) -> float | None:
        """Return when to ask for :meth:`is_over` again; a quiet moment is found otherwise."""
        if self._since is None:
            return None
        if self._ready_at is None:
            return self._since + SET_UP
        rotate = self._since + ROTATE_AFTER
        return rotate if now < rotate else self._since + ROTATE_BY
