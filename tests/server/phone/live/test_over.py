"""Whoever follows calls learns that one is over, and what its session has to be told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from server.phone.calls.status import CallStatus
from server.phone.live.restart import Restart
from tests.peers.twilio import HangUp, Hear
from tests.server.phone.calls.call_records import call
from tests.server.phone.live.phone_scene import ANN, Setup, telephone


@pytest.mark.parametrize("keeps", [True, False])
def test_a_call_is_told_of_when_it_is_kept_with_its_words(tmp_path: Path, *, keeps: bool) -> None:
    over = []

    async def main() -> None:
        async with telephone(tmp_path, Setup(kit={"when_over": (over.append,)})) as phone:
            phone.engine.keeps_session = keeps
            ringing = await phone.twilio.ring_in(ANN, steps=[Hear(0.2), HangUp()])
            await ringing.over()
            [record] = await phone.ended()
            assert record.transcript
            [told] = over
            assert replace(record, transcript=()) == told
            assert told.session_note == ("none" if keeps else "owed")

    asyncio.run(main())


def test_a_call_of_before_a_restart_is_told_of_too(tmp_path: Path) -> None:
    over = []

    async def main() -> None:
        async with telephone(tmp_path, Setup(kit={"when_over": (over.append,)})) as phone:
            broken = call(status=CallStatus.IN_PROGRESS, provider_call_id="CA404")
            await phone.store.add(replace(broken, session_note="owed"))
            assert await phone.store.owing() == []
            await Restart(phone.kit, phone.switchboard.resume).settle(await phone.store.active())
            [record] = over
            assert record.status is CallStatus.FAILED
            assert await phone.store.owing() == [record]

    asyncio.run(main())
