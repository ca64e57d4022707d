"""The parts of the service, and how they are doing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fastapi import APIRouter

logger = logging.getLogger(__name__)


class PartState(StrEnum):
    """How a part is doing."""

    STARTING = "starting"
    OK = "ok"
    DEGRADED = "degraded"
    """It works, but not with everything that is configured."""

    FAILED = "failed"
    """It does not work; the service goes on without it."""

    OFF = "off"
    """It is not configured."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How a part is doing, and why."""

    state: PartState
    message: str = ""
    """For people: what is missing and what to do. Never a secret."""


class Part(Protocol):
    """Something the service runs: hearing, the speech server, Discord, the phone, the console.

    Parts come up side by side and go down one by one, the last registered first.
    """

    @property
    def name(self) -> str:
        """One word, as it stands in ``/health``."""

    @property
    def router(self) -> APIRouter | None:
        """What the part adds to the control API."""

    async def run(self) -> None:
        """Work until cancelled.

        What goes wrong in ways that can be foreseen is a :meth:`status`, not an exception;
        returning early leaves the last status standing. Cancelling releases everything the part
        holds, within a second.
        """

    def status(self) -> PartStatus:
        """How the part is doing now; at once, without waiting for anything."""


class IsolatedPart:
    """A part whose bugs end only itself: the others go on, and ``/health`` tells.

    Args:
        part: The part.

    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._failure: PartStatus | None = None

    @property
    def name(self) -> str:
        """The part's own."""
        return self._part.name

    @property
    def router(self) -> APIRouter | None:
        """The part's own."""
        return self._part.router

    def status(self) -> PartStatus:
        """The part's own, unless it broke."""
        return self._failure or self._part.status()

    async def run(self) -> None:
        """Run the part until cancelled, or broken."""
        try:
            await self._part.run()
        except Exception as error:
            logger.exception("%s broke; the service goes on without it", self.name)
            self._failure = PartStatus(
                PartState.FAILED, f"broke ({type(error).__name__}); the log has the details"
            )
