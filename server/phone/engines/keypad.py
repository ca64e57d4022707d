"""Gathers keys that the other side presses into what they mean together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline.clock import Clock, Timer

PATIENCE: Final = 2.0
"""Seconds after the last key until they are told; ``#`` tells them at once."""

MOST: Final = 32
"""Keys that are told at once."""


class Keypad:
    """The keys of one call.

    Args:
        clock: The conversation clock.
        on_keys: Gets the keys pressed one after another.

    """

    def __init__(self, clock: Clock, on_keys: Callable[[str], None]) -> None:
        self._clock = clock
        self._on_keys = on_keys
        self._keys = ""
        self._timer: Timer | None = None

    def press(self, digit: str) -> None:
        """Take in a key."""
        self._keys += digit
        self.close()
        if digit == "#" or len(self._keys) >= MOST:
            self._tell()
        else:
            self._timer = self._clock.call_at(self._clock.now() + PATIENCE, self._tell)

    def close(self) -> None:
        """Wait for no more; what was not told is forgotten with the call."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        keys, self._keys = self._keys, ""
        self._on_keys(keys)
