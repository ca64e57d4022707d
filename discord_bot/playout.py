"""Sans-I/O: one speaker's packets put in order, and what to do about those that are missing.

Tell :class:`Playout` what arrived and when; take out what to decode. A packet
that arrives in order comes out at once: nothing is delayed unless something is
missing, and then by :data:`PATIENCE` at most.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from discord_bot.rtp import RTP_RATE, SILENCE

PATIENCE = 0.06
"""Seconds a missing packet is waited for, from when the first packet behind it arrived."""

MOST_WAITING = 4
"""Packets behind a gap after which the missing one is given up at once."""

MOST_CONCEALED = 5
"""Missing packets in a row that are made up (100 ms); a longer hole is silence."""

MOST_LATE = 10
"""Packets too late in a row, with none in time between them, after which they are taken for a new
sequence: a sender may go back by a little."""

FAR = 400
"""Distance of a packet from the expected one (8 s) from which on it begins a new sequence."""

_FRAME_TICKS = 960
_SEQUENCES, _TICKS = 1 << 16, 1 << 32


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet, opened."""

    sequence: int
    timestamp: int
    opus: bytes
    at: float
    """When it arrived, in seconds."""


@dataclass(frozen=True, slots=True)
class Play:
    """Decode a packet."""

    packet: Arrival


@dataclass(frozen=True, slots=True)
class Recover:
    """A packet is lost: decode what the one behind it remembers of it."""

    following: Arrival


@dataclass(frozen=True, slots=True)
class Conceal:
    """A packet is lost: make something up."""

    timestamp: int
    at: float


@dataclass(frozen=True, slots=True)
class Restart:
    """What follows has nothing to do with what came before: decode it afresh."""


Step: TypeAlias = Play | Recover | Conceal | Restart
"""Something to do; carry out in the order given."""


class Playout:
    """Orders the packets of one speaker.

    After :meth:`receive`, :meth:`handle_timer` or :meth:`flush`, drain
    :meth:`next_step` and arm a timer for :meth:`get_timer`.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Arrival] = {}
        self._expected: int | None = None
        self._next_late: int | None = None
        self._late_in_a_row = 0
        self._silent = True
        self._steps: deque[Step] = deque()
        self.lost = 0
        """Packets given up."""

        self.refused = 0
        """Packets that came twice or too late."""

    def receive(self, packet: Arrival) -> None:
        """Take in a packet."""
        if self._expected is None:
            self._expected = packet.sequence
        ahead = _signed(packet.sequence - self._expected)
        if abs(ahead) > FAR or (ahead < 0 and self._goes_on_behind(packet)):
            self.flush()
            self._steps.append(Restart())
            self._silent = True
            self._expected = packet.sequence
        elif ahead < 0 or packet.sequence in self._waiting:
            self.refused += 1
            return
        self._next_late = None
        self._waiting[packet.sequence] = packet
        self.handle_timer(packet.at)

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for never."""
        if not self._waiting:
            return None
        return min(packet.at for packet in self._waiting.values()) + PATIENCE

    def handle_timer(self, now: float) -> None:
        """Let time pass: what is in order goes on, what is missing too long is given up."""
        while self._take():
            due = self.get_timer()
            if len(self._waiting) < MOST_WAITING and (due is None or now < due):
                return
            self._give_up()

    def flush(self) -> None:
        """Wait for nothing any more."""
        while self._take():
            self._give_up()

    def next_step(self) -> Step | None:
        """Take the next step out, or ``None``."""
        return self._steps.popleft() if self._steps else None

    def _goes_on_behind(self, packet: Arrival) -> bool:
        """Return whether late packets have become a sequence of their own, which goes on."""
        follows = packet.sequence == self._next_late
        self._next_late = (packet.sequence + 1) % _SEQUENCES
        self._late_in_a_row = self._late_in_a_row + 1 if follows else 1
        return self._late_in_a_row > MOST_LATE

    def _take(self) -> bool:
        """Take all that is in order; return whether something is left, behind a gap."""
        while self._expected is not None and self._expected in self._waiting:
            packet = self._waiting.pop(self._expected)
            self._steps.append(Play(packet))
            self._silent = packet.opus == SILENCE
            self._expected = (self._expected + 1) % _SEQUENCES
        return bool(self._waiting)

    def _give_up(self) -> None:
        """Go on behind the gap."""
        start = self._expected or 0
        missing, first = min(((one - start) % _SEQUENCES, one) for one in self._waiting)
        packet = self._waiting[first]
        self.lost += missing
        # Behind silence nothing was being said: there is no sound to go on with.
        if missing <= MOST_CONCEALED and not self._silent:
            for before in range(missing, 1, -1):
                timestamp = (packet.timestamp - before * _FRAME_TICKS) % _TICKS
                self._steps.append(Conceal(timestamp, packet.at))
            self._steps.append(Recover(packet))
        self._expected = first


def _signed(difference: int) -> int:
    """Return a difference of sequence numbers as the shorter way around."""
    half = _SEQUENCES // 2
    return (difference + half) % _SEQUENCES - half


class SpeakerTime:
    """Tells when a speaker's packets were heard, by their timestamps and their arrivals.

    Arrivals jitter, come in bursts when the network stalls, and timestamps have
    no common zero; some clients stop them in silence. So while someone talks the
    timestamps count, and after silence the arrival does.
    """

    def __init__(self) -> None:
        self._timestamp = 0
        self._at: float | None = None
        self._tolerance = _TALKING

    def pause(self) -> None:
        """Take in that silence follows."""
        self._tolerance = _PAUSING

    def place(self, timestamp: int, seconds: float, arrived: float) -> float:
        """Return when the first sample was heard.

        Args:
            timestamp: Of the packet.
            seconds: How long its sound is.
            arrived: When it arrived.

        """
        heard = arrived - seconds
        if self._at is not None:
            ticks = (timestamp - self._timestamp + _TICKS // 2) % _TICKS - _TICKS // 2
            counted = self._at + ticks / RTP_RATE
            late = heard - counted
            if abs(late) <= self._tolerance:
                heard = counted + late * _DRIFT
        self._timestamp, self._at, self._tolerance = timestamp, heard, _TALKING
        return heard


_TALKING = 1.0  # seconds that a network may stall in the middle of a sentence
_PAUSING = 0.06  # seconds; beyond it the timestamps have missed some of the silence
_DRIFT = 0.01  # share of the difference made up with each packet: clocks do not run alike
