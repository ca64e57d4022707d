"""Twilio's end of a stream in virtual time: two ways, a buffer, marks and an ear."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from server.phone.audio.g711 import ULAW_SILENCE, decode_ulaw
from server.phone.audio.playout import FRAME, PlayedSound, Playout, SendClear, SendMark, SendSound

TICK = 0.02


@dataclass(frozen=True)
class Heard:
    at: float
    ulaw: bytes


class PhoneLine:
    """Drives a playout against a far end that plays 20 ms after 20 ms.

    ``there`` and ``back`` give the seconds a message takes at a time; order is kept, as TCP does.
    """

    def __init__(
        self,
        playout: Playout,
        *,
        there: Callable[[float], float] = lambda _: 0.0,
        back: Callable[[float], float] = lambda _: 0.0,
        phase: float = 0.0,
        returns_marks: bool = True,
        rate: float = 1.0,
    ) -> None:
        self.playout = playout
        self.now = 0.0
        self.ear: list[Heard] = []
        self.played: list[PlayedSound] = []
        self.clears = 0
        self.most_held = 0.0
        self._there, self._back = there, back
        self._latest = [0.0, 0.0]
        self._returns_marks = returns_marks
        self._tick = TICK / rate
        self._buffer: deque[bytes | str] = deque()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.at(phase, self._play)

    def at(self, at: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), do))

    def run(self, until: float) -> None:
        while True:
            self._drain()
            timer = self.playout.get_timer()
            event = self._events[0][0] if self._events else until
            upcoming = min(event, until, until if timer is None else max(timer, self.now))
            self.now = max(self.now, upcoming)
            if timer is not None and timer <= self.now:
                self.playout.handle_timer(self.now)
            elif self._events and event <= self.now and event <= until:
                heapq.heappop(self._events)[2]()
            elif self.now >= until:
                return

    def heard(self) -> np.ndarray:
        """What the ear heard, without silence."""
        sound = b"".join(one.ulaw for one in self.ear)
        return decode_ulaw(sound.replace(ULAW_SILENCE, b""))

    def seconds_heard(self) -> float:
        return len(self.heard()) / 8000

    def _drain(self) -> None:
        while (step := self.playout.next_step()) is not None:
            self._carry(0, self._there, lambda step=step: self._arrive(step))
        while (sound := self.playout.next_played()) is not None:
            self.played.append(sound)

    def _carry(self, way: int, delay: Callable[[float], float], arrive: Callable[[], None]) -> None:
        self._latest[way] = max(self._latest[way], self.now + delay(self.now))
        self.at(self._latest[way], arrive)

    def _arrive(self, step: object) -> None:
        match step:
            case SendSound(ulaw):
                self._buffer.append(ulaw)
                held = sum(len(one) for one in self._buffer if isinstance(one, bytes)) / 8000
                self.most_held = max(self.most_held, held)
            case SendMark(name):
                self._buffer.append(name)
            case SendClear():
                self.clears += 1
                names = [one for one in self._buffer if isinstance(one, str)]
                self._buffer.clear()
                for name in names:
                    self._return(name)

    def _play(self) -> None:
        self.at(self.now + self._tick, self._play)
        sound = b""
        while self._buffer and len(sound) < FRAME:
            head = self._buffer.popleft()
            if isinstance(head, str):
                self._return(head)
                continue
            taken, rest = head[: FRAME - len(sound)], head[FRAME - len(sound) :]
            sound += taken
            if rest:
                self._buffer.appendleft(rest)
        self.ear.append(Heard(self.now, sound + ULAW_SILENCE * (FRAME - len(sound))))
        # A mark comes back when what is before it was played, so at the end of this tick.
        while self._buffer and isinstance(self._buffer[0], str):
            name = str(self._buffer.popleft())
            self.at(self.now + self._tick * 0.99, lambda name=name: self._return(name))

    def _return(self, name: str) -> None:
        if self._returns_marks:
            self._carry(1, self._back, lambda: self.playout.receive_mark(name, self.now))
