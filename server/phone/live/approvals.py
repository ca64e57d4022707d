"""Calls that somebody has to approve before they are made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Literal, Protocol

from server.phone.calls.record import CallRecord
from server.phone.calls.request import CallRefusedError
from server.phone.calls.status import EndReason

Mode = Literal["never", "unknown", "always"]


class Verdict(Enum):
    """What people say to a call."""

    APPROVED = auto()
    DECLINED = auto()
    UNANSWERED = auto()
    """Nobody who may said anything in time, or nobody could be asked any more."""


class Approver(Protocol):
    """Who asks people."""

    def obstacle(self, record: CallRecord) -> str:
        """Return why nobody can be asked about a call, and what to do; "" when somebody can."""

    async def ask(self, record: CallRecord) -> Verdict:
        """Ask, and wait for the answer. Cancelling takes the question back."""


class Approvals:
    """Lets people approve calls, where they can be asked.

    Args:
        mode: Which calls need it: none, those to nobody in ``identities``, or all.

    """

    def __init__(self, mode: Mode = "never") -> None:
        self._mode = mode
        self._approver: Approver | None = None

    @contextmanager
    def given_by(self, approver: Approver) -> Iterator[None]:
        """Ask people through this approver until the block is left."""
        self._approver = approver
        try:
            yield
        finally:
            self._approver = None

    def are_needed(self, record: CallRecord) -> bool:
        """Return whether a call has to be approved."""
        match self._mode:
            case "never":
                return False
            case "unknown":
                return record.identity is None
            case "always":
                return True

    def check(self, record: CallRecord) -> None:
        """Make sure that somebody can be asked about a call that needs it.

        Raises:
            CallRefusedError: Nobody can.

        """
        if not self.are_needed(record):
            return
        obstacle = "the bot is not on Discord, where somebody has to approve calls"
        if self._approver is not None:
            obstacle = self._approver.obstacle(record)
        if obstacle:
            raise CallRefusedError(f"{obstacle}: see phone.outbound.approval")

    async def refusal(self, record: CallRecord, given_up: asyncio.Event) -> EndReason | None:
        """Wait for the approval of a call that needs it.

        Args:
            record: The call; nobody is dialled yet.
            given_up: Set when nobody wants it any more.

        Returns:
            Why it may not be made; ``None`` when it may.

        Cancelling takes the question back.

        """
        if not self.are_needed(record):
            return None
        if self._approver is None:
            return EndReason.NOT_APPROVED
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(self._approver.ask(record))
            waiting = tasks.create_task(given_up.wait())
            await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            asking.cancel()
            waiting.cancel()
        if asking.cancelled():
            return EndReason.CANCELED
        reasons = {Verdict.APPROVED: None, Verdict.DECLINED: EndReason.DECLINED}
        return reasons.get(asking.result(), EndReason.NOT_APPROVED)
