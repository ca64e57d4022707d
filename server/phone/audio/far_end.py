"""Sans-I/O: how much of what was sent the far end has played.

A mark comes back when all before it was played, and its way back takes time; so does the way of
sound. Between marks the clock tells. The quickest mark of the call tells how long both ways
together take, and what a mark is later than that, the far end is behind.

A ``clear`` returns every mark that is outstanding, played or not. So each belongs to a generation,
and those of an earlier one count for nothing.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from server.phone.audio.g711 import PHONE_RATE

MARK_JITTER: Final = 0.1
"""Seconds after which a mark that is late tells that what is before it was not played yet."""

_LATES: Final = 3  # marks of which the quickest counts: the others were held up on their way back

_EPSILON: Final = 1e-6  # seconds; a timer set for a moment must find that it has come


class FarEnd:
    """What Twilio holds of our sound. Positions are samples since the last :meth:`clear`."""

    def __init__(self) -> None:
        self._generation = 0
        self._began = 0.0  # when the first sample would have been sent, had there been no pause
        self._lates: deque[float] = deque(maxlen=_LATES)  # of the last marks since then
        self._round_trip: float | None = None
        self._acknowledged = 0
        self._marks: deque[tuple[int, float]] = deque()  # positions, and _began at the time
        self.sent = 0
        """Samples sent."""

    @property
    def round_trip(self) -> float:
        """Seconds to Twilio and back, as far as it is known."""
        return self._round_trip or 0.0

    @property
    def _late(self) -> float:
        """How much later than sound is sent its mark comes back, its own length aside."""
        return min(self._lates, default=self.round_trip)

    @property
    def unacknowledged(self) -> int:
        """Samples sent of which no mark says that they were played."""
        return self.sent - self._acknowledged

    @property
    def mark_due(self) -> float | None:
        """When the oldest outstanding mark should come back; ``None`` when none is out."""
        if not self._marks:
            return None
        position, began = self._marks[0]
        return began + position / PHONE_RATE + max(self._late, self.round_trip)

    def send(self, samples: int, now: float) -> None:
        """Take in that sound is sent."""
        if self.ahead(now) <= 0.0:
            # All that was sent before has been played when this arrives, and it begins at once.
            self._began = now - self.sent / PHONE_RATE
            self._lates.clear()
        self.sent += samples

    def mark(self) -> str:
        """Return the name of a mark behind all that was sent; at most one at one position."""
        self._marks.append((self.sent, self._began))
        return f"{self._generation}:{self.sent}"

    def receive_mark(self, name: str, now: float) -> bool:
        """Take in a mark that came back.

        Returns:
            Whether it tells anything: not when it is of an earlier generation, or none of ours.

        """
        generation, _, position = name.partition(":")
        if generation != str(self._generation):
            return False
        if position not in {str(mark) for mark, _ in self._marks}:
            return False
        began = self._began
        while self._acknowledged < int(position):
            self._acknowledged, began = self._marks.popleft()
        late = max(0.0, now - began - self._acknowledged / PHONE_RATE)
        if self._round_trip is None or late < self._round_trip:
            self._round_trip = late
        if began == self._began:  # else it tells nothing of what was sent after a pause
            self._lates.append(late)
        return True

    def ahead(self, now: float) -> float:
        """Return how many seconds the far end would hold of what is sent now, before that."""
        behind = self._late - self.round_trip
        return self._began + behind + self.sent / PHONE_RATE - now

    def played(self, now: float) -> int:
        """Return how many samples were played.

        Never more than were sent, nor than can have been played since, whatever marks say; never
        less than a mark has told, nor past one that is overdue.
        """
        return self._judge(now, now)

    def played_at_clear(self, now: float) -> int:
        """Return how many will have been played when a ``clear`` that is sent now arrives."""
        return self._judge(now, now + self.round_trip / 2)

    def _judge(self, now: float, at: float) -> int:
        most = self.sent
        if (due := self.mark_due) is not None and now > due + MARK_JITTER:
            most = self._marks[0][0]
        elapsed = at - self._began + _EPSILON
        judged = int((elapsed - self._late + self.round_trip / 2) * PHONE_RATE)
        return max(0, min(most, int(elapsed * PHONE_RATE), max(self._acknowledged, judged)))

    def time_of(self, position: int) -> float:
        """Return when a sample is played, or was."""
        return self._began + self._late - self.round_trip / 2 + position / PHONE_RATE

    def clear(self) -> None:
        """Take in that what was not played is thrown away."""
        self._generation += 1
        self._marks.clear()
        self._acknowledged = self.sent = 0
        self._lates.clear()
