"""Sans-I/O: whether the sound of a call flows."""

from __future__ import annotations

from collections.abc import Iterator

from server.phone.calls.attempt_events import AttemptTiming
from server.phone.calls.status import EndReason


class MediaWatch:
    """Follows the media streams of one attempt, of which one is open at a time.

    Args:
        timing: How long it waits for what.
        expected: Whether there shall be sound at all.

    """

    def __init__(self, timing: AttemptTiming, *, expected: bool) -> None:
        self._timing = timing
        self._expected = expected
        self._stream: str | None = None
        self._last_sign = 0.0
        self._closed: set[str] = set()
        self._gone: tuple[float, EndReason] | None = None

    @property
    def ever(self) -> bool:
        """Whether a stream ever began."""
        return self._stream is not None

    @property
    def missing(self) -> bool:
        """Whether there should be sound and never was."""
        return self._expected and not self.ever

    def start(self, stream_id: str, now: float) -> bool:
        """Take in that a stream began; return whether that is news, and not late."""
        if stream_id in self._closed:
            return False
        self._stream = stream_id
        self._last_sign = now
        self._gone = None
        return True

    def receive(self, now: float) -> None:
        """Take in that a frame of sound came."""
        self._last_sign = now

    def stop(self, stream_id: str, now: float) -> None:
        """Take in that the provider ended the stream."""
        self._close(stream_id, now + self._timing.report, EndReason.HUNG_UP)

    def lose(self, stream_id: str, now: float) -> None:
        """Take in that the socket broke without a word. A new stream may take its place."""
        self._close(stream_id, now + self._timing.reconnect, EndReason.MEDIA_LOST)

    def timers(self, answered_at: float) -> Iterator[tuple[float, EndReason]]:
        """Yield when to hang up, and why, if nothing comes before."""
        if self._gone is not None:
            yield self._gone
        elif self._expected:
            yield max(self._last_sign, answered_at) + self._timing.media, EndReason.MEDIA_DEAD

    def _close(self, stream_id: str, until: float, reason: EndReason) -> None:
        self._closed.add(stream_id)
        if self._stream == stream_id and self._gone is None:
            self._gone = (until, reason)
