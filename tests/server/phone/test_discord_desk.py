"""The telephone as the bot uses it, against the fake Twilio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from discord_bot.telephone import (
    CallNews,
    CallResult,
    CallStage,
    CallWish,
    Over,
    PhoneCall,
    Said,
    TelephoneError,
    Verdict,
)
from server.parts import PartState, PartStatus
from server.phone.calls.request import CallRefusedError, CallRequest
from server.phone.calls.status import EndReason
from server.phone.config import PhoneConfig
from server.phone.discord_desk import DiscordTelephone
from server.phone.live.approvals import Approvals
from server.phone.live.events import CallEvents
from server.phone.live.switchboard import Switchboard
from tests.peers.twilio import Person, Quiet
from tests.server.phone.live.phone_scene import BEN, Phone, Setup, telephone
from tests.server.phone.live.test_call import hang_up

CHANNEL = 600_000_000_000_000_006
OTHER = "700000000000000007"


@dataclass
class Desk:
    """Remembers what it is told, and answers as the test wants."""

    verdict: Verdict = Verdict.APPROVED
    told: list[CallNews] = field(default_factory=list)
    asked: list[tuple[PhoneCall, int, float]] = field(default_factory=list)

    def receive(self, news: CallNews) -> None:
        self.told.append(news)

    async def ask(self, call: PhoneCall, channel_id: int, seconds: float) -> Verdict:
        self.asked.append((call, channel_id, seconds))
        return self.verdict


@dataclass
class Part:
    """The telephone as a part of the service, as far as it is looked at."""

    switchboard: Switchboard | None
    events: CallEvents
    approvals: Approvals

    def status(self) -> PartStatus:
        return PartStatus(PartState.STARTING, "waiting for models")


@dataclass
class Scene:
    phone: Phone
    part: Part
    telephone: DiscordTelephone


def wish(**changes: Any) -> CallWish:
    fields = {
        "number": BEN,
        "task": "Book a table.",
        "channel_id": CHANNEL,
        "asked_by": "Ann",
        "key": "k1",
        **changes,
    }
    return CallWish(**fields)


def run(
    folder: Path, test: Callable[[Scene], Awaitable[None]], outbound: dict[str, Any] | None = None
) -> None:
    async def main() -> None:
        more = {"outbound": outbound or {}}
        async with telephone(folder, Setup(more=more)) as phone:
            phone.engine.acts = [hang_up]
            phone.twilio.add_person(BEN, Person([Quiet(30.0)]))
            part = Part(phone.switchboard, phone.kit.events, phone.kit.approvals)
            settings = phone.kit.config
            await test(Scene(phone, part, DiscordTelephone(part, settings, "Jarvis")))

    asyncio.run(main())


def test_a_call_is_placed_and_told_to_the_desk_to_its_end(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        desk = Desk()
        with scene.telephone.attach(desk):
            placed = await scene.telephone.place(wish())
            assert (placed.number, placed.task, placed.asked_by) == (BEN, "Book a table.", "Ann")
            assert [one.id for one in scene.telephone.calls()] == [placed.id]
            again = await scene.telephone.place(wish())
            assert again.id == placed.id
            await scene.phone.ended()
        assert {one.call.id for one in desk.told} == {placed.id}
        assert {one.call.channel_id for one in desk.told} == {CHANNEL}
        stages = list(dict.fromkeys(one.call.stage for one in desk.told))
        assert stages[0] is CallStage.DIALLING
        assert stages[-1] is CallStage.ENDED
        assert [one.event.by_agent for one in desk.told if isinstance(one.event, Said)] == [True]
        assert desk.told[-1].event == Over()
        result = desk.told[-1].call.result
        assert isinstance(result, CallResult)
        assert result.how == "Jarvis hung up"

    run(tmp_path, test)


def test_calls_of_others_are_not_told(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        desk = Desk()
        with scene.telephone.attach(desk):
            await scene.phone.switchboard.place(CallRequest(BEN))
            await scene.phone.ended()
        assert desk.told == []

    run(tmp_path, test)


def test_why_there_is_no_call_is_said(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        with pytest.raises(TelephoneError, match="costs more"):
            await scene.telephone.place(wish(number="+19002222222"))
        scene.part.switchboard = None
        with pytest.raises(TelephoneError, match="waiting for models"):
            await scene.telephone.place(wish())
        assert scene.telephone.calls() == []
        assert not scene.telephone.hang_up("c1")

    run(tmp_path, test)


def test_a_call_is_ended(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.phone.engine.acts = []
        placed = await scene.telephone.place(wish())
        call = await scene.phone.twilio.next_call()
        await call.streaming()
        assert scene.telephone.hang_up(placed.id)
        [record] = await scene.phone.ended()
        assert record.end_reason is EndReason.CANCELED
        assert not scene.telephone.hang_up(placed.id)

    run(tmp_path, test)


def test_a_call_is_approved_in_its_own_channel(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        desk = Desk()
        with scene.telephone.attach(desk):
            await scene.telephone.place(wish())
            await scene.phone.ended()
        [(call, channel, seconds)] = desk.asked
        assert (call.number, call.asked_by, channel, seconds) == (BEN, "Ann", CHANNEL, 60.0)

    run(tmp_path, test, {"approval": "always", "approval_timeout": 60.0})


def test_a_call_that_was_asked_for_elsewhere_is_declined_in_the_channel_for_these(
    tmp_path: Path,
) -> None:
    async def test(scene: Scene) -> None:
        desk = Desk(Verdict.DECLINED)
        with scene.telephone.attach(desk):
            placed = await scene.phone.switchboard.place(CallRequest(BEN))
            while scene.phone.switchboard.calls:  # noqa: ASYNC110 - whatever ends it
                await asyncio.sleep(0.005)
        [(_, channel, _)] = desk.asked
        assert channel == int(OTHER)
        record = await scene.phone.store.get(placed.id)
        assert record is not None
        assert record.end_reason is EndReason.DECLINED

    run(tmp_path, test, {"approval": "unknown", "approval_channel": OTHER})


def test_without_a_channel_or_without_the_bot_nobody_can_be_asked(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        with scene.telephone.attach(Desk()), pytest.raises(CallRefusedError, match="no channel"):
            await scene.phone.switchboard.place(CallRequest(BEN))
        with pytest.raises(TelephoneError, match="not on Discord"):
            await scene.telephone.place(wish())

    run(tmp_path, test, {"approval": "always"})


def test_who_may_call_comes_from_the_settings() -> None:
    config = PhoneConfig.model_validate(
        {"discord": {"users": ["200000000000000001"], "roles": ["300000000000000001"]}}
    )
    part = Part(None, CallEvents(), Approvals())
    callers = DiscordTelephone(part, config, "Jarvis", ["200000000000000002"]).callers
    assert callers.users == {200000000000000001, 200000000000000002}
    assert callers.roles == {300000000000000001}
