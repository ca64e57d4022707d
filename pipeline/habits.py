"""Sans-I/O: how people pause, learnt while they talk.

Some people think in the middle of a sentence, others never do. Who often goes
on after a pause is given more time at the next one, and who never does gets
the answer sooner (dynamic endpointing, as a moving average per speaker).
"""

from __future__ import annotations

_USUAL = 0.2
"""Share of turns in which people go on after a pause, before anything is known of them."""

_LEARNING = 0.2
"""How much the newest turn counts."""

_LEAST, _SPREAD = 0.85, 0.75
"""Patience with who never goes on, and how much more with who always does; 1 is the usual."""


class Habit:
    """The pauses of one speaker."""

    def __init__(self) -> None:
        self._hesitation = _USUAL

    @property
    def patience(self) -> float:
        """Factor of the wait at a pause, from 0.85 to 1.6."""
        return _LEAST + _SPREAD * self._hesitation

    def receive_turn(self, *, paused: bool) -> None:
        """Take in a turn that is over: did its speaker go on after a pause in it?"""
        self._hesitation += _LEARNING * (float(paused) - self._hesitation)
