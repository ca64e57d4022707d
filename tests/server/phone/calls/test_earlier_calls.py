"""What is told of earlier calls with a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.phone.calls.earlier_calls import (
    CHARACTERS_A_TOKEN,
    LONGEST_CALL,
    may_be_told,
    told,
)
from server.phone.calls.record import CallRecord, TranscriptRow
from server.phone.calls.report import Report
from server.phone.calls.status import CallStatus
from tests.server.phone.calls.call_records import NOON, THEIRS, call

KEY = "agent:main:voice:15550002222"


def earlier(call_id: str = "c1", *said: tuple[Any, str], **changes: Any) -> CallRecord:
    rows = tuple(TranscriptRow(NOON, role, text) for role, text in said)
    record = call(call_id, status=CallStatus.COMPLETED, session_key=KEY, transcript=rows)
    return replace(record, **changes)


def test_calls_are_told_with_their_time_and_what_came_of_them() -> None:
    reported = earlier("c2", task="A\ntable.").with_report(Report("At eight.", "success", ("Go.",)))
    talked = earlier(
        "c1",
        ("assistant", "Hello."),
        ("tool", "noon"),
        ("user", "Remember\n42."),
        direction="inbound",
        from_=THEIRS,
    )
    silent = earlier("c0", ("assistant", "Hello."))
    assert told([reported, talked, silent], 1000, ZoneInfo("Europe/Oslo")).split("\n") == [
        "Earlier telephone calls with this number, the last one first:",
        "- 2026-03-02 13:00, you called them. Task: A table. Result (success): At eight. Next: Go.",
        "- 2026-03-02 13:00, they called. You: Hello. / They: Remember 42.",
    ]


def test_without_a_word_nothing_is_told() -> None:
    assert told([], 1000, UTC) == ""
    assert told([earlier()], 1000, UTC) == ""
    assert told([earlier("c1", ("user", "Hi."))], 0, UTC) == ""


def test_of_a_long_call_the_end_is_told_and_of_many_the_last() -> None:
    calls = [earlier(f"c{number}", ("user", f"{number} " + "x" * 5000)) for number in range(9)]
    tokens = 1500
    text = told(calls, tokens, UTC)
    assert len(text) <= tokens * CHARACTERS_A_TOKEN
    assert len(text.split("\n")) == 3
    assert all(len(line) < LONGEST_CALL + 100 for line in text.split("\n"))


@pytest.mark.parametrize(
    ("changes", "identity", "may"),
    [
        ({}, None, True),
        ({"identity": "ann"}, "ann", True),
        ({"identity": "ann"}, None, False),  # somebody shows Ann's number
        ({"identity": None}, "ann", True),
        ({"session_key": "agent:sales:voice:15550002222"}, None, False),
        ({"session_key": None}, None, False),
        ({"status": CallStatus.IN_PROGRESS}, None, False),
        ({"call_id": "now"}, None, False),
    ],
)
def test_who_may_be_told(changes: dict[str, Any], identity: str | None, *, may: bool) -> None:
    now = call("now", identity=identity, started_at=NOON + timedelta(hours=1))
    assert may_be_told(earlier(**changes), now, "main") is may
