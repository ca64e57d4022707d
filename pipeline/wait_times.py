"""How long agents let people wait, learnt from their answers. Sans I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from dataclasses import dataclass

REMEMBERED = 64
"""Answers of an agent that count, the newest."""

ENOUGH = 8
"""Answers of an agent before anything is expected of it."""

AGENTS = 64
"""Agents remembered; the one not asked for longest makes room."""

_ENOUGH_LONGER = 3  # answers that took longer than this one has, likewise


@dataclass(frozen=True, slots=True)
class Rest:
    """What is still to be waited for, after the answers that took at least as long."""

    median: float
    """Seconds; as likely more as less."""

    quartile: float
    """Seconds; three times as likely more as less."""


class WaitTimes:
    """Remembers how long each agent took from a question to the first words of its answer."""

    def __init__(self) -> None:
        self._agents: OrderedDict[str, deque[float]] = OrderedDict()

    def learn(self, agent: str, seconds: float) -> None:
        """Take in how long an answer took. What was broken off or failed is not one."""
        self._agents.setdefault(agent, deque(maxlen=REMEMBERED)).append(seconds)
        self._agents.move_to_end(agent)
        if len(self._agents) > AGENTS:
            self._agents.popitem(last=False)

    def expect(self, agent: str, waited: float) -> Rest | None:
        """Return what is still to be waited for when ``waited`` seconds have passed.

        An agent that mostly answers at once but looks things up now and then is expected to answer
        at once, until it has not: then only the long waits are left to compare with.

        Returns:
            ``None`` when too little is known: of the agent, or of waits as long as this.

        """
        known = self._agents.get(agent)
        if known is None or len(known) < ENOUGH:
            return None
        waits = sorted(known)
        longer = waits[bisect_right(waits, waited) :]
        if len(longer) < _ENOUGH_LONGER:
            return None
        return Rest(longer[len(longer) // 2] - waited, longer[len(longer) // 4] - waited)
