"""Sans-I/O: how long nobody may say anything in a call."""

from __future__ import annotations

import math
from typing import TypeAlias

from server.phone.calls.config import LimitsConfig
from server.phone.calls.watch import AskWhetherSomebodyIsThere, CallWatch, SayGoodbye, WrapUp

SilenceAction: TypeAlias = AskWhetherSomebodyIsThere | SayGoodbye


class Silence:
    """Watches one call; how long it may last altogether is watched by who holds it.

    Args:
        limits: How long is too long.
        now: The time.

    """

    def __init__(self, limits: LimitsConfig, now: float) -> None:
        self._watch = CallWatch(limits, math.inf, now)

    def update(self, now: float, *, caller: bool, agent: bool) -> None:
        """Take in who is busy.

        Args:
            now: The time.
            caller: Whether the caller speaks, or presses keys.
            agent: Whether the agent speaks, or prepares something.

        """
        if caller:
            self._watch.caller_speaks()
        elif agent:
            self._watch.agent_is_busy()
        else:
            self._watch.nobody_speaks(now)

    def step(self, now: float) -> list[SilenceAction]:
        """Let time pass, and return what is to be said."""
        return [action for action in self._watch.step(now) if not isinstance(action, WrapUp)]

    def deadline(self) -> float | None:
        """Return when to :meth:`step`."""
        at = self._watch.deadline()
        return at if at is not None and at < math.inf else None
