"""Sans-I/O: when the caller spoke, and what they said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.phone.audio.g711 import PHONE_RATE
from server.phone.engines.engine import CallerSaid

_MS_PER_SAMPLE: Final = 1000 / PHONE_RATE


@dataclass(slots=True)
class _Turn:
    began: float


class CallerTurns:
    """The caller's turns, as the session finds them in the sound it gets.

    Args:
        silence: Seconds of silence after which a turn counts as over; the session takes them as a
            part of it.

    """

    def __init__(self, silence: float = 0.0) -> None:
        self._silence = silence
        self._sent_ms = 0.0
        self._turns: dict[str, _Turn] = {}
        self._finished: float | None = None
        self.speaking = False

    def send(self, samples: int) -> None:
        """Take in that so much sound was sent."""
        self._sent_ms += samples * _MS_PER_SAMPLE

    def begin_session(self) -> None:
        """Take in that another session begins, which counts from its own beginning."""
        self._sent_ms = 0.0
        self.speaking = False

    def start(self, item_id: str, at_ms: int, now: float) -> float:
        """Take in that the caller has begun; returns when."""
        self.speaking = True
        self._finished = None
        began = self._time_of(at_ms, now)
        self._turns[item_id] = _Turn(began)
        return began

    def stop(self, item_id: str, at_ms: int, now: float) -> None:
        """Take in that the caller has finished."""
        self.speaking = False
        self._finished = self._time_of(at_ms, now) - self._silence

    def waited(self, now: float) -> float | None:
        """Return how long the caller has waited for an answer that begins now; asked once."""
        finished, self._finished = self._finished, None
        return None if finished is None else max(0.0, now - finished)

    def transcribe(self, item_id: str, text: str) -> CallerSaid | None:
        """Take in the words of a turn; ``None`` when there are none: it was noise."""
        turn = self._turns.pop(item_id, None)
        return CallerSaid(turn.began, text) if turn is not None and text else None

    def untranscribed(self) -> list[CallerSaid]:
        """Take out the turns of which the words never came."""
        turns = [CallerSaid(turn.began, "") for turn in self._turns.values()]
        self._turns.clear()
        return turns

    def _time_of(self, at_ms: int, now: float) -> float:
        return now - max(0.0, self._sent_ms - at_ms) / 1000
