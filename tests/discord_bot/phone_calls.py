"""Telephone calls as the bot sees them, for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from discord_bot.telephone import (
    CallDesk,
    Callers,
    CallEvent,
    CallNews,
    CallResult,
    CallStage,
    CallWish,
    PhoneCall,
    TelephoneError,
)

NUMBER, WHO = "+15550002222", "+1555…22"


def call(**more: Any) -> PhoneCall:
    fields: dict[str, Any] = {
        "id": "c1",
        "number": NUMBER,
        "who": WHO,
        "agent": "Jarvis",
        "task": "Book a table.",
        "stage": CallStage.DIALLING,
        **more,
    }
    return PhoneCall(**fields)


def result(**more: Any) -> CallResult:
    return CallResult(**{"how": "they hung up", "seconds": 83, "cost": "0.03 USD", **more})


@dataclass
class ScriptedTelephone:
    """Makes no calls, and tells what it was asked for."""

    callers: Callers = field(default_factory=Callers)
    refuses: str = ""
    running: list[PhoneCall] = field(default_factory=list)
    wishes: list[CallWish] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    desk: CallDesk | None = None

    @contextmanager
    def attach(self, desk: CallDesk) -> Iterator[None]:
        self.desk = desk
        try:
            yield
        finally:
            self.desk = None

    def calls(self) -> Sequence[PhoneCall]:
        return self.running

    async def place(self, wish: CallWish) -> PhoneCall:
        self.wishes.append(wish)
        if self.refuses:
            raise TelephoneError(self.refuses)
        placed = call(task=wish.task, channel_id=wish.channel_id, asked_by=wish.asked_by)
        self.running.append(placed)
        return placed

    def hang_up(self, call_id: str) -> bool:
        self.ended.append(call_id)
        return any(one.id == call_id for one in self.running)

    def tell(self, event: CallEvent, at: float = 0.0, **changes: Any) -> None:
        """Let something happen in the first call."""
        self.running[0] = replace(self.running[0], **changes)
        assert self.desk is not None
        self.desk.receive(CallNews(self.running[0], event, at))
