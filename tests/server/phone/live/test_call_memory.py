"""What engines know of earlier calls with a number."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.phone.calls.people import Person
from server.phone.calls.record import TranscriptRow
from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallStatus
from tests.peers.twilio import HangUp, Hear
from tests.peers.twilio import Person as Somebody
from tests.server.phone.calls.call_records import call
from tests.server.phone.live.phone_scene import ANN, BEN, Phone, Setup, telephone

OTHER = "agent:jarvis:voice:other"
TALKS = [Hear(0.2), HangUp()]
PERSON = Person("ann", (ANN,), discord="123456789012345678")


async def talked_before(phone: Phone, number: str, **changes: Any) -> None:
    """Keep a call of yesterday in which something was said."""
    at = phone.kit.now() - timedelta(days=1)
    values = {"session_key": f"agent:jarvis:voice:{number[1:]}", **changes}
    record = call(
        "before",
        direction="inbound",
        from_=number,
        status=CallStatus.COMPLETED,
        started_at=at,
        **values,
    )
    await phone.store.add(record)
    await phone.store.put_row("before", 1, TranscriptRow(at, "user", "Remember 42."))


def known(folder: Path, *, keeps: bool, setup: Setup | None = None, **before: Any) -> str:
    """Return what the engine knows when Ann calls again."""

    async def main() -> str:
        async with telephone(folder, setup) as phone:
            phone.engine.keeps_session = keeps
            await talked_before(phone, ANN, **before)
            ringing = await phone.twilio.ring_in(ANN, steps=TALKS)
            await ringing.over()
            await phone.ended()
            return phone.engine.sessions[0].call.context

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("keeps", "before", "told"),
    [
        (False, {}, True),
        (False, {"session_key": OTHER}, True),
        (True, {"session_key": OTHER}, True),
        (True, {}, False),  # the session remembers by itself
        (False, {"identity": "ann"}, False),  # said by Ann; this is only her number
    ],
)
def test_earlier_calls_are_told_unless_the_session_knows_or_it_is_somebody_else(
    tmp_path: Path, before: dict[str, Any], *, keeps: bool, told: bool
) -> None:
    assert ("They: Remember 42." in known(tmp_path, keeps=keeps, **before)) is told


def test_they_can_be_switched_off(tmp_path: Path) -> None:
    off = Setup(more={"context": {"memory_enabled": False}})
    assert known(tmp_path, keeps=False, setup=off) == ""


def test_they_stand_after_what_was_asked_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with telephone(tmp_path) as phone:
            phone.engine.keeps_session = False
            await talked_before(phone, BEN)
            phone.twilio.add_person(BEN, Somebody(TALKS))
            await phone.switchboard.place(CallRequest(BEN, "Ask.", context="He is deaf."))
            ringing = await phone.twilio.next_call()
            await ringing.over()
            await phone.ended()
            [session] = phone.engine.sessions
            assert session.call.context.startswith("He is deaf.\n\nEarlier telephone calls")

    asyncio.run(main())


@pytest.mark.parametrize("linked", [True, False])
def test_people_go_on_with_their_other_conversations_unless_that_is_off(
    tmp_path: Path, *, linked: bool
) -> None:
    setup = Setup(people=(PERSON,), more={"context": {"cross_channel_enabled": linked}})

    async def main() -> None:
        async with telephone(tmp_path, setup) as phone:
            ringing = await phone.twilio.ring_in(ANN, steps=TALKS)
            await ringing.over()
            [record] = await phone.ended()
            assert record.identity == "ann"
            own = f"agent:jarvis:voice:{ANN[1:]}"
            theirs = "agent:jarvis:discord:direct:123456789012345678"
            assert record.session_key == (theirs if linked else own)

    asyncio.run(main())


def test_they_go_on_where_they_talked_last(tmp_path: Path) -> None:
    last = "agent:jarvis:discord:channel:111111111111111111"
    asked = []

    async def last_session(person: Person, agent: str) -> str:
        asked.append((person.name, agent))
        return last

    setup = Setup(people=(PERSON,), kit={"last_session": last_session})

    async def main() -> None:
        async with telephone(tmp_path, setup) as phone:
            ringing = await phone.twilio.ring_in(ANN, steps=TALKS)
            await ringing.over()
            [record] = await phone.ended()
            assert record.session_key == last
            assert asked == [("ann", "jarvis")]

    asyncio.run(main())
