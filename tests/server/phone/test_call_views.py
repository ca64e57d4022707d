"""Calls as people on Discord see them: who it is, how it stands, what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from discord_bot import telephone
from discord_bot.telephone import Activity, CallResult, CallStage, Said
from server.phone.call_views import news_of, view_of
from server.phone.calls.record import CallRecord, Cost
from server.phone.calls.report import Report
from server.phone.calls.status import CallPhase, CallStatus, EndReason
from server.phone.engines.engine import (
    AgentSaid,
    CallerHeard,
    CallerSaid,
    CallerSpeaks,
    CallReported,
    EngineEvent,
    PhaseChanged,
    ToolUsed,
)
from server.phone.live.events import CallChanged, CallEvent, CallNews, CallOver
from tests.server.phone.calls.call_records import NOON, OURS, THEIRS, attempt, call


def ended(**changes: Any) -> CallRecord:
    fields = {"status": CallStatus.COMPLETED, "end_reason": EndReason.HUNG_UP, "duration": 83}
    return call(**(fields | changes))


def result(record: CallRecord) -> CallResult:
    found = view_of(record, "Jarvis").result
    assert found is not None
    return found


def test_a_number_is_hidden_and_a_person_is_named() -> None:
    seen = view_of(call(task="Book."), "Jarvis", channel_id=7, asked_by="Ann")
    assert (seen.number, seen.who, seen.agent, seen.task) == (THEIRS, "+1555…22", "Jarvis", "Book.")
    assert (seen.channel_id, seen.asked_by, seen.result) == (7, "Ann", None)
    assert view_of(call(identity="ben"), "Jarvis").who == "ben"
    assert view_of(call(direction="inbound", from_=THEIRS, to=OURS), "Jarvis").number == THEIRS


@pytest.mark.parametrize("status", CallStatus)
def test_every_status_is_shown(status: CallStatus) -> None:
    seen = view_of(call(status=status), "Jarvis")
    assert (seen.stage is CallStage.ENDED) is status.is_final
    assert (seen.result is None) is not status.is_final


def test_a_call_that_waits_says_why_and_until_when() -> None:
    at = NOON + timedelta(minutes=1)
    tried = attempt(status=CallStatus.BUSY, end_reason=EndReason.BUSY)
    seen = view_of(call(status=CallStatus.RETRY_WAIT, attempts=(tried,), retry_at=at), "Jarvis")
    assert (seen.problem, seen.again_at, seen.attempt) == ("busy", at, 1)


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_is_told_in_words(reason: EndReason) -> None:
    assert result(ended(end_reason=reason)).how


def test_what_came_of_it_is_told_with_time_cost_and_report() -> None:
    record = ended(cost=Cost("USD", 0.0182)).with_report(Report("Booked.", "success", ("Go.",)))
    assert result(record) == CallResult("they hung up", 83, "0.018 USD", "Booked.", ("Go.",))
    assert result(ended(cost=Cost("EUR", 12.345))).cost == "12.35 EUR"
    assert result(ended(cost=Cost("USD", 0.0))).cost == ""
    assert result(ended(end_reason=EndReason.AGENT)).how == "Jarvis hung up"
    assert result(ended(error="Geo permission")).how == "Geo permission"


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (PhaseChanged(CallPhase.THINKING), Activity.THINKING),
        (PhaseChanged(CallPhase.SPEAKING), Activity.SPEAKING),
        (PhaseChanged(CallPhase.LISTENING), Activity.LISTENING),
        (CallerSpeaks(1.0), Activity.HEARING),
        (CallerHeard("Hi"), telephone.Heard("Hi")),
        (CallerSaid(1.0, "Hi"), Said(1.0, by_agent=False, text="Hi")),
        (AgentSaid(1.0, "All of it", "All of it", 1.0), Said(1.0, by_agent=True, text="All of it")),
        (
            AgentSaid(1.0, "All of it", "All", 0.3, interrupted=True),
            Said(1.0, by_agent=True, text="All", interrupted=True),
        ),
        (ToolUsed(1.0, "ask_openclaw", "12:00", 0.5), telephone.Changed()),
        (CallReported(Report("Booked.")), telephone.Changed()),
        (CallChanged(), telephone.Changed()),
        (CallOver(), telephone.Over()),
    ],
)
def test_what_happens_is_shown(event: CallEvent | EngineEvent, shown: telephone.CallEvent) -> None:
    seen = view_of(call(), "Jarvis")
    assert news_of(CallNews(call(), event, 4.0), seen) == telephone.CallNews(seen, shown, 4.0)
