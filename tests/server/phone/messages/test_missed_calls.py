"""Calls that did not reach the agent: which are kept, and how many."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from server.phone.calls.config import InboundConfig
from server.phone.calls.missed import why_missed
from server.phone.calls.record import CallRecord, Message, Metrics
from server.phone.calls.status import CallStatus, EndReason
from server.phone.calls.store import CallStore
from server.store.database import open_database
from tests.peers.twilio import HangUp, Hear, Quiet
from tests.server.phone.control.control_phone import controlled
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, Setup, telephone

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STAYS = [Quiet(30.0)]


def refused(number: int, peer: str = ANN, **more: Any) -> CallRecord:
    at = NOW + timedelta(seconds=number)
    return CallRecord(
        f"c{number}", "inbound", peer, "+15550009999", CallStatus.COMPLETED, at,
        ended_at=at, end_reason=EndReason.REFUSED, missed="unknown", **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inbound", "status", "why"),
    [
        (InboundConfig(policy="off"), CallStatus.NO_ANSWER, "calls in are off"),
        (InboundConfig(refusal="Not you."), CallStatus.COMPLETED, "caller is not in the list"),
        (InboundConfig(policy="open", deny=("+1555",)), CallStatus.NO_ANSWER, "inbound.deny"),
        (
            InboundConfig(policy="open", hours={"mon-sun": "00:00-00:01"}),
            CallStatus.COMPLETED,
            "outside phone.inbound.hours",
        ),
    ],
)
def test_who_is_refused_is_kept_with_the_reason(
    tmp_path: Path, inbound: InboundConfig, status: CallStatus, why: str
) -> None:
    async def main() -> None:
        async with telephone(tmp_path, Setup(inbound=inbound)) as phone:
            call = await phone.twilio.ring_in(ANN, steps=STAYS)
            await call.over()
            [missed] = await phone.store.missed(10)
            assert (missed.status, missed.from_) == (status, ANN)
            assert missed.provider_call_id == call.sid
            assert why in (missed.missed or "")
            assert not phone.engine.sessions

    asyncio.run(main())


def test_who_hangs_up_when_asked_for_the_pin_is_kept(tmp_path: Path) -> None:
    pin = InboundConfig(unknown_callers="pin", pin=SecretStr("1234"))

    async def main() -> None:
        async with telephone(tmp_path, Setup(inbound=pin)) as phone:
            call = await phone.twilio.ring_in(ANN, steps=[Quiet(2.0), HangUp()])
            await call.over()
            missed = await _missed(phone)
            assert missed[0].missed == "the caller hung up before they typed the PIN"

    asyncio.run(main())


def test_who_talks_with_the_agent_is_not_among_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with telephone(tmp_path) as phone:
            call = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), HangUp()])
            await call.over()
            await phone.ended()
            assert await phone.store.missed(10) == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"missed": None}, False),
        ({"status": CallStatus.IN_PROGRESS}, False),
        ({"direction": "outbound"}, False),
        ({"missed": None, "end_reason": EndReason.MEDIA_NEVER_CONNECTED}, True),
        ({"missed": None, "end_reason": EndReason.HUNG_UP}, False),
        ({"missed": None, "end_reason": EndReason.ENGINE}, True),
        ({"missed": None, "end_reason": EndReason.ENGINE, "metrics": Metrics(turns=3)}, False),
        ({"message": Message(NOW)}, True),
    ],
)
def test_what_counts_as_missed(changes: dict[str, Any], missed: bool) -> None:
    assert (why_missed(replace(refused(1), **changes)) is not None) is missed


def test_a_flood_of_refused_calls_fills_no_disk_and_hides_no_message(tmp_path: Path) -> None:
    async def main() -> None:
        async with open_database(tmp_path) as database:
            store = CallStore(database)
            await store.add(refused(0, message=Message(NOW, "call me")))
            for number in range(1, 9):
                await store.add_refused(refused(number), 7, 5)
            for number in range(9, 13):
                await store.add_refused(refused(number, f"+1555000{number:04}"), 7, 5)
            kept = [record.id for record in await store.missed(100)]
            assert kept == [*(f"c{number}" for number in (12, 11, 10, 9, 8, 7, 6)), "c0"]
            assert [one.id for one in await store.missed(2, before="c9")] == ["c8", "c7"]

    asyncio.run(main())


def test_the_control_api_lists_them_newest_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with controlled(tmp_path, Setup(inbound=InboundConfig(refusal=""))) as scene:
            for number in (ANN, BEN):
                call = await scene.phone.twilio.ring_in(number, steps=STAYS)
                await call.over()
            answer = await scene.client.get("/missed-calls")
            first, second = answer.json()["missed_calls"]
            assert (first["from"], second["from"]) == (BEN, ANN)
            assert first["reason"].startswith("caller is not in the list")
            assert (first["message"], first["audio"]) == (None, None)
            older = await scene.client.get(f"/missed-calls?limit=5&before={first['id']}")
            assert [one["id"] for one in older.json()["missed_calls"]] == [second["id"]]
            for wrong in ("before=nonsense", "limit=0", "limit=many"):
                assert (await scene.client.get(f"/missed-calls?{wrong}")).status_code == 400

    asyncio.run(main())


async def _missed(phone: Phone) -> list[CallRecord]:
    async with asyncio.timeout(10):
        while not (missed := await phone.store.missed(10)):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    return missed
