"""Sans-I/O: what Twilio keeps of the program's sound until it is played."""

from __future__ import annotations

from collections import deque

from tests.peers.telephone_sound import FRAME_BYTES, SILENCE

BYTES_PER_MS = 8


class Earpiece:
    """Plays sound and marks in their order."""

    def __init__(self) -> None:
        self._queue: deque[bytearray | str] = deque()

    @property
    def waiting_ms(self) -> float:
        """Milliseconds of sound not yet played."""
        return sum(len(one) for one in self._queue if isinstance(one, bytearray)) / BYTES_PER_MS

    def add(self, sound: bytes) -> None:
        self._queue.append(bytearray(sound))

    def mark(self, name: str) -> None:
        self._queue.append(name)

    def clear(self) -> list[str]:
        """Forget what was not played; returns the marks, which Twilio sends back at once."""
        marks = [one for one in self._queue if isinstance(one, str)]
        self._queue.clear()
        return marks

    def play(self) -> tuple[bytes, list[str]]:
        """Return the next frame, and the marks whose sound has been played with it."""
        frame = bytearray()
        marks: list[str] = []
        while self._queue:
            head = self._queue[0]
            if isinstance(head, str):
                marks.append(head)
                self._queue.popleft()
                continue
            if len(frame) == FRAME_BYTES:
                break
            take = FRAME_BYTES - len(frame)
            frame += head[:take]
            del head[:take]
            if not head:
                self._queue.popleft()
        return bytes(frame) + SILENCE[len(frame) :], marks
