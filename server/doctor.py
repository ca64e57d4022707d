"""Checks whether everything that is configured works, and says how to put right what does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARNING = "warning"
    """It works, or will, but not as well as it could."""

    FAILED = "failed"
    """It is configured and does not work."""

    SKIPPED = "skipped"
    """It is not configured, or cannot be checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    outcome: Outcome
    message: str
    """For people; never a secret."""

    fix: str = ""
    """What to do about it; "" when nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is checked. Every part has its own."""

    name: str
    run: Callable[[], Awaitable[Finding]]
    """Finds out; what goes wrong in ways that can be foreseen is a finding, not an exception."""

    limit: float = 10.0
    """Seconds after which what is checked counts as broken."""


async def examine(checks: Sequence[Check]) -> list[Finding]:
    """Run all checks side by side and return what each found, in their order.

    Cancelling ends them.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_examine(check), name=check.name) for check in checks]
    return [task.result() for task in tasks]


async def _examine(check: Check) -> Finding:
    try:
        async with asyncio.timeout(check.limit):
            return await check.run()
    except TimeoutError:
        return Finding(Outcome.FAILED, f"no answer within {check.limit:g} s")
    except Exception as error:  # a broken check must not hide what the others find
        logger.exception("The check %s broke", check.name)
        return Finding(Outcome.FAILED, f"the check itself broke: {type(error).__name__}")
