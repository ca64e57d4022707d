"""How long to wait at a pause before the turn counts as over."""

from __future__ import annotations

from pipeline.config import TurnsConfig

_PATIENCE = {"low": 2.8, "medium": 1.4, "high": 0.9}  # seconds added when p is 0, by eagerness

_CURVE = 3.0  # above 1: a turn that probably is complete is not made to wait for the rest


def wait_for(
    probability: float, config: TurnsConfig, *, patience: float = 1.0, thought: float = 0.0
) -> float:
    """Return the seconds of silence that end a turn.

    The less finished the turn sounds, the longer. Fitted, together with
    :mod:`pipeline.habits`, on 1,175 pauses in human commands, and on scenes made
    of them (``docs/scenes.md``), where with :mod:`pipeline.trailing` it cuts off
    16 to 19 % of those who pause, and 39 % are by "p > 0.5, else 3 s".

    Args:
        probability: That the turn is complete, in [0, 1], as the end-of-turn
            model judged at the pause.
        config: Eagerness, shortest and longest wait.
        patience: How much longer than usual to wait for more, by who speaks and what was before.
        thought: Seconds that the speaker is given on top, however finished it sounds.

    """
    wait: float = _PATIENCE[config.eagerness] * patience * (1.0 - probability) ** _CURVE
    return min(config.shortest_wait + thought + wait, config.max_pause)
