"""What the model does, turn after turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tests.peers.telephone_sound import Mono, tone

RATE = 24_000
"""Hertz of the model's voice."""


@dataclass(frozen=True, slots=True)
class Say:
    """Speak."""

    text: str
    sound: float | Mono = 1.0
    """Seconds of a tone, or PCM at :data:`RATE`."""

    def samples(self) -> Mono:
        return self.sound if isinstance(self.sound, np.ndarray) else tone(self.sound, 330.0, RATE)


@dataclass(frozen=True, slots=True)
class CallTool:
    """Call a function of the program."""

    name: str
    arguments: dict[str, Any] | str
    """As a text it need not be JSON."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Fail to answer."""

    code: str = "rate_limit_exceeded"
    message: str = "Rate limit reached. Please try again in 1.2s."


Step: TypeAlias = Say | CallTool | Fail
Turn: TypeAlias = Sequence[Step]
"""What one response consists of."""


class Script:
    """Hands out turns; when there are no more, the model says "Okay."."""

    def __init__(self, turns: Sequence[Step | Turn]) -> None:
        self._turns: Iterator[Step | Turn] = iter(turns)

    def next_turn(self) -> Turn:
        turn = next(self._turns, Say("Okay.", 0.5))
        return [turn] if isinstance(turn, Say | CallTool | Fail) else turn
