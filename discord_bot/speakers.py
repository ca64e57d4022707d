"""Sans-I/O: who sends what, and packets that wait until that is known.

Discord tells by op 5 which SSRC is whose, sometimes late and sometimes not at
all; the key to someone's packets may come later than the first of them. Such
packets wait, and are opened in order once it is known. Since everyone has a key
of their own, a packet's sender is whoever's key opens it.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, assert_never

from discord_bot.playout import Arrival
from discord_bot.rtp import SILENCE, AudioPacket

RETRY = 0.02
"""Seconds between attempts to open what waits."""

TRY_KEYS_AFTER = 0.3
"""Seconds after which everybody's key is tried: op 5 is the usual way."""

MOST_PACKETS = 100
"""Packets of one SSRC that may wait."""

MOST_BYTES = 1 << 20
"""Bytes that may wait altogether."""

MOST_STRANGERS = 50
"""SSRCs of unknown senders whose packets may wait; any number can be made up."""

MOST_SENDERS = 1000
"""SSRCs whose sender is remembered; beyond it the oldest is forgotten."""

_REMEMBERED = 32
"""Packets of a sender that are recognised when they come again."""


class Sealed(enum.Enum):
    """Why a packet is not open."""

    NO_SENDER = "nobody has told whose it is"
    NO_GROUP = "there is no encrypted group yet"
    NO_KEY_OF_SENDER = "its sender is not in the encrypted group"
    NO_VALID_KEY = "no key of its sender fits"
    NOT_ENCRYPTED = "it came in the clear"
    OTHER = "something else"

    @property
    def patience(self) -> float:
        """Seconds for which that may still change."""
        match self:
            case Sealed.NO_SENDER | Sealed.NO_GROUP | Sealed.NO_KEY_OF_SENDER:
                return LONGEST_WAIT
            case Sealed.NO_VALID_KEY:
                return KEY_CHANGE
            case Sealed.NOT_ENCRYPTED | Sealed.OTHER:
                return 0.0
            case _:
                assert_never(self)


LONGEST_WAIT = 2.0
"""Seconds a packet waits for its sender, or for its sender's first key."""

KEY_CHANGE = 0.1
"""Seconds a packet that no key fits waits whatever comes behind it: packets may overtake each other
and the message that brings a new key. After that it goes on waiting only as long as what comes
behind it does not open either: then it is the key that is missing, and no fault of the packet."""


class Keys(Protocol):
    """End-to-end encryption, as it is at the moment of the call."""

    def open(self, user_id: int, payload: bytes) -> bytes | Sealed:
        """Return the Opus packet in what someone sent. Once open, a payload does not open again."""

    def give_up(self, reason: Sealed) -> None:
        """Take in that a packet was not opened and will not be tried again."""

    def try_open(self, user_id: int, payload: bytes) -> bytes | None:
        """Return the Opus packet, if it is this user's; not counted as a failure otherwise."""

    def holders(self) -> Iterable[int]:
        """Return whose keys are known."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A packet whose sender is known, decrypted."""

    user_id: int
    ssrc: int
    packet: Arrival


@dataclass(slots=True)
class _Held:
    """A packet that waits."""

    packet: AudioPacket
    at: float
    opus: bytes | None = None
    """What is in it, once it has been opened: it opens only once."""


@dataclass(slots=True)
class _Queue:
    """The waiting packets of one SSRC."""

    packets: deque[_Held] = field(default_factory=deque)
    tried: bool = False
    """Whether everybody's key was tried since the last packet."""


class Speakers:
    """Finds the sender of every packet and opens it.

    After any ``receive_*`` call and :meth:`handle_timer`, drain :meth:`next_opened`.

    Args:
        keys: Opens what is encrypted from end to end.

    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._senders: dict[int, int] = {}
        self._seen: dict[int, deque[int]] = {}
        self._queues: dict[int, _Queue] = {}
        self._bytes = 0
        self._retry_at = 0.0
        self._opened: deque[Opened] = deque()
        self.present: set[int] = set()
        """Users in the media session, as op 11 and 13 tell."""

        self.held = 0
        """Packets that had to wait."""

        self.expired = 0
        """Packets given up: they did not open, or had no room to wait."""

        self.repeated = 0
        """Packets that came twice."""

        self.identified = 0
        """SSRCs whose sender was found by their key."""

    def receive_present(self, user_ids: Iterable[int]) -> None:
        """Take in who is in the media session, or enters it (op 11)."""
        self.present.update(user_ids)

    def receive_speaking(self, ssrc: int, user_id: int, now: float) -> None:
        """Take in whose an SSRC is (op 5). A new one replaces the user's old one."""
        former = self._senders.get(ssrc)
        if former != user_id:
            if former is not None:
                self._forget_ssrc(ssrc)  # what waits is the former one's
            self._forget_sender(user_id)
            self._set_sender(ssrc, user_id)
        self._open_waiting(ssrc, now)

    def receive_left(self, user_id: int) -> None:
        """Take in that someone left the media session (op 13)."""
        self.present.discard(user_id)
        self._forget_sender(user_id)

    def receive_new_session(self) -> None:
        """Take in that the media session is a new one (op 4): so are all its SSRCs."""
        self._senders.clear()
        self._seen.clear()
        self._queues.clear()
        self._bytes = 0

    def receive_packet(self, packet: AudioPacket, now: float) -> None:
        """Take in a packet."""
        held = _Held(packet, now)
        if packet.ssrc in self._queues or not self._settle(held, now):
            self._hold(held)
            self._bound()

    def get_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, in seconds; ``None`` for never."""
        return self._retry_at if self._queues else None

    def handle_timer(self, now: float) -> None:
        """Let time pass: keys may have come, and packets have waited too long."""
        if now < self._retry_at:
            return
        self._retry_at = now + RETRY
        for ssrc, queue in list(self._queues.items()):
            strange = ssrc not in self._senders and ssrc in self._queues
            if strange and now - queue.packets[0].at >= TRY_KEYS_AFTER:
                self._identify(ssrc, queue)
            self._open_waiting(ssrc, now)

    def next_opened(self) -> Opened | None:
        """Take the next opened packet out, or ``None``."""
        return self._opened.popleft() if self._opened else None

    def _settle(self, held: _Held, now: float) -> bool:
        """Open a packet, or give it up; return whether it need not wait any longer."""
        packet = held.packet
        user_id = self._senders.get(packet.ssrc)
        if user_id is None:
            return self._give_up(held, Sealed.NO_SENDER, now)
        seen = self._seen[packet.ssrc]
        if packet.sequence in seen:
            self.repeated += 1
            return True  # encryption takes a second one for an attack
        opus = self._opened_payload(user_id, held)
        if isinstance(opus, Sealed):
            return self._give_up(held, opus, now)
        seen.append(packet.sequence)
        arrival = Arrival(packet.sequence, packet.timestamp, opus, held.at)
        self._opened.append(Opened(user_id, packet.ssrc, arrival))
        return True

    def _give_up(self, held: _Held, reason: Sealed, now: float) -> bool:
        """Give a packet up when it has waited long enough; return whether it has."""
        waited = now - held.at
        if waited < reason.patience:
            return False
        if reason is Sealed.NO_VALID_KEY and waited < LONGEST_WAIT and not self._later_opens(held):
            return False
        self._keys.give_up(reason)
        self.expired += 1
        return True

    def _hold(self, held: _Held) -> None:
        queue = self._queues.setdefault(held.packet.ssrc, _Queue())
        queue.packets.append(held)
        queue.tried = False
        self.held += 1
        self._bytes += len(held.packet.payload)
        if len(queue.packets) > MOST_PACKETS:
            self._drop_first(held.packet.ssrc)

    def _bound(self) -> None:
        """Keep within bounds what waits; SSRCs that are made up must not push out a real one."""
        strangers = [ssrc for ssrc in self._queues if ssrc not in self._senders]
        if len(strangers) > MOST_STRANGERS:
            # Who really speaks sends packet after packet.
            self._drop_all(min(strangers, key=self._waiting))
        while self._bytes > MOST_BYTES:
            self._drop_first(max(self._queues, key=self._waiting))

    def _waiting(self, ssrc: int) -> int:
        return len(self._queues[ssrc].packets)

    def _drop_all(self, ssrc: int) -> None:
        while ssrc in self._queues:
            self._drop_first(ssrc)

    def _drop_first(self, ssrc: int) -> None:
        self._take_first(ssrc)
        self.expired += 1

    def _take_first(self, ssrc: int) -> None:
        queue = self._queues[ssrc]
        self._bytes -= len(queue.packets.popleft().packet.payload)
        if not queue.packets:
            del self._queues[ssrc]

    def _open_waiting(self, ssrc: int, now: float) -> None:
        """Open what waits, in order: nothing newer may overtake it."""
        while (queue := self._queues.get(ssrc)) and self._settle(queue.packets[0], now):
            self._take_first(ssrc)

    def _identify(self, ssrc: int, queue: _Queue) -> None:
        """Find the sender by whose key opens the oldest packet."""
        oldest = next((one for one in queue.packets if one.packet.payload != SILENCE), None)
        if oldest is None or queue.tried:
            return
        queue.tried = True
        known = set(self._senders.values())
        for user_id in self._keys.holders():
            if user_id in known:
                continue
            oldest.opus = self._keys.try_open(user_id, oldest.packet.payload)
            if oldest.opus is not None:
                self._set_sender(ssrc, user_id)
                self.identified += 1
                return

    def _later_opens(self, held: _Held) -> bool:
        """Return whether the key opens something that came behind a packet that it does not."""
        ssrc = held.packet.ssrc
        queue = self._queues.get(ssrc)
        behind = islice(queue.packets, 1, None) if queue else ()
        return any(
            isinstance(self._opened_payload(self._senders[ssrc], one), bytes)
            for one in behind
            if one.packet.payload != SILENCE  # never encrypted: it tells nothing of the key
        )

    def _opened_payload(self, user_id: int, held: _Held) -> bytes | Sealed:
        """Return the Opus packet in what somebody sent, and keep it: it opens only once."""
        if held.opus is None:
            opus = self._keys.open(user_id, held.packet.payload)
            if isinstance(opus, Sealed):
                return opus
            held.opus = opus
        return held.opus

    def _set_sender(self, ssrc: int, user_id: int) -> None:
        if len(self._senders) >= MOST_SENDERS:
            self._forget_ssrc(next(iter(self._senders)))
        self._senders[ssrc] = user_id
        self._seen[ssrc] = deque(maxlen=_REMEMBERED)

    def _forget_sender(self, user_id: int) -> None:
        for ssrc in [ssrc for ssrc, owner in self._senders.items() if owner == user_id]:
            self._forget_ssrc(ssrc)

    def _forget_ssrc(self, ssrc: int) -> None:
        del self._senders[ssrc], self._seen[ssrc]
        self._drop_all(ssrc)
