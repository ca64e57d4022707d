"""What the routes need of the telephone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from server.parts import PartState, PartStatus
from server.phone.calls.record import CallRecord
from server.phone.calls.store import CallStore
from server.phone.control.problems import problem
from server.phone.live.call import LiveCall
from server.phone.live.switchboard import Switchboard


class RunningPhone(Protocol):
    """The telephone, whether it runs or not."""

    @property
    def switchboard(self) -> Switchboard | None:
        """All calls; ``None`` while it does not run."""

    def status(self) -> PartStatus:
        """How it is doing, and why."""


@dataclass(frozen=True, slots=True)
class ControlDesk:
    """The telephone as its routes see it."""

    phone: RunningPhone
    store: CallStore
    recordings: Path
    """Folder of recordings; it need not be there."""

    country: str
    """ISO code of where local numbers count from."""

    find_voice: Callable[[str], str | None] = str
    """Returns a voice as the engine spells it; ``None`` when it has none of that name."""

    def voice(self, wanted: str | None) -> str | None:
        """Return a voice that is asked for, as the engine spells it.

        Raises:
            HTTPException: There is none of that name, 400.

        """
        if wanted is None:
            return None
        voice = self.find_voice(wanted)
        if voice is None:
            raise problem(
                HTTPStatus.BAD_REQUEST,
                f"there is no voice {wanted}: leave voice out, or look in GET /v1/audio/voices, for"
                " engine realtime at the comment of phone.openai.voice",
            )
        return voice

    def switchboard(self) -> Switchboard:
        """Return what holds all calls.

        Raises:
            HTTPException: The telephone does not run, 503.

        """
        if self.phone.switchboard is None:
            status = self.phone.status()
            why = status.message or "look at GET /health"
            verb = "is off" if status.state is PartState.OFF else "does not run"
            raise problem(HTTPStatus.SERVICE_UNAVAILABLE, f"the telephone {verb}: {why}")
        return self.phone.switchboard

    async def call(self, call_id: str) -> CallRecord:
        """Return a call with its transcript, by our id or the provider's.

        Raises:
            HTTPException: There is none, 404.
            StoreError: The store cannot be read.

        """
        record = await self.store.get(call_id)
        if record is None:
            raise problem(
                HTTPStatus.NOT_FOUND, "there is no such call: GET /history lists those there are"
            )
        return record

    def going_on(self, record: CallRecord) -> LiveCall | None:
        """Return the call of a record, if it goes on."""
        switchboard = self.phone.switchboard
        return None if switchboard is None else switchboard.call(record.id)

    async def live_call(self, call_id: str) -> LiveCall:
        """Return a call that goes on, by our id or the provider's.

        Raises:
            HTTPException: There is none, 404; it is over, 409; the telephone does not run, 503.
            StoreError: The store cannot be read.

        """
        switchboard = self.switchboard()
        live = switchboard.call(call_id)
        if live is not None:
            return live
        record = await self.call(call_id)
        live = self.going_on(record)
        if live is None:
            over = f"the call does not go on, its status is {record.status}"
            raise problem(HTTPStatus.CONFLICT, f"{over}: GET /calls lists those that do")
        return live
