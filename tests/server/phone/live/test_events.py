"""Whoever watches calls learns what happens in them, in order, and breaks nothing."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from server.phone.calls.request import CallRequest
from server.phone.calls.status import CallPhase, CallStatus
from server.phone.engines.engine import AgentSaid, PhaseChanged
from server.phone.live.events import CallChanged, CallEvents, CallNews, CallOver
from tests.peers.twilio import Person, Quiet
from tests.server.phone.calls.call_records import call
from tests.server.phone.live.phone_scene import BEN, Phone, telephone
from tests.server.phone.live.test_call import hang_up


def news() -> CallNews:
    return CallNews(call(), CallChanged(), 1.0)


def test_all_who_watch_are_told_until_they_leave() -> None:
    events, first, second = CallEvents(), list[CallNews](), list[CallNews]()
    with events.watched_by(first.append):
        with events.watched_by(second.append):
            events.tell(news())
        events.tell(news())
    events.tell(news())
    assert (len(first), len(second)) == (2, 1)


def test_a_watcher_that_breaks_is_logged_and_the_others_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: CallNews) -> None:
        raise ValueError("oops")

    events, told = CallEvents(), list[CallNews]()
    with events.watched_by(broken), events.watched_by(told.append):
        events.tell(news())
    assert told == [news()]
    assert [one.levelno for one in caplog.records] == [logging.ERROR]


def test_a_call_is_told_from_dialling_to_its_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with telephone(tmp_path) as phone:
            told = await followed(phone)
        statuses = list(dict.fromkeys(one.record.status for one in told))
        assert statuses[0] is CallStatus.DIALING
        assert statuses[-1] is CallStatus.COMPLETED
        assert CallStatus.IN_PROGRESS in statuses
        events = [one.event for one in told]
        assert PhaseChanged(CallPhase.SPEAKING) in events
        [said] = [one for one in events if isinstance(one, AgentSaid)]
        assert said.text == said.heard
        assert isinstance(events[-1], CallOver)
        assert not any(isinstance(one, CallOver) for one in events[:-1])
        assert told[-1].record.cost is not None
        times = [one.at for one in told]
        assert times == sorted(times)

    asyncio.run(main())


async def followed(phone: Phone) -> list[CallNews]:
    """Make a call, and return what was told of it."""
    told: list[CallNews] = []
    phone.engine.acts = [hang_up]
    phone.twilio.add_person(BEN, Person([Quiet(30.0)]))
    with phone.kit.events.watched_by(told.append):
        await phone.switchboard.place(CallRequest(BEN, "Book a table."))
        await phone.ended()
    return told
