"""The record of a call as JSON: the documented form, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from server.phone.calls.record import (
    VERSION,
    CallRecord,
    Cost,
    Metrics,
    RecordError,
    Recording,
    TranscriptRow,
    row_from_json,
    row_to_json,
)
from server.phone.calls.report import Report
from server.phone.calls.status import AnsweredBy, CallStatus, EndReason
from tests.server.phone.calls.call_records import NOON, OURS, THEIRS, attempt, call

ROWS = (
    TranscriptRow(NOON + timedelta(seconds=9), "assistant", "Hello…", True, 850),
    TranscriptRow(NOON + timedelta(seconds=12), "user", "Hi, how can I help?"),
    TranscriptRow(NOON + timedelta(seconds=20), "tool", "12:00", tool="ask_openclaw"),
)

WHOLE = replace(
    call(
        status=CallStatus.COMPLETED,
        task="Schedule an appointment...",
        ended_at=NOON + timedelta(seconds=342),
        duration=342,
        transcript=ROWS,
        provider_call_id="CA1",
        session_key="agent:main:voice:15550002222",
        identity="ann",
        attempts=(attempt(answered_by=AnsweredBy.HUMAN),),
        answered_by=AnsweredBy.HUMAN,
        end_reason=EndReason.AGENT,
        context={"user_profile": "brief"},
        prompt="Be brief.",
        metadata={"ticket": 7},
        recording=Recording("c1.wav", 342.5),
        metrics=Metrics(640, 8, 1, 1200),
        cost=Cost("USD", 0.084, {"telephone": 0.084}, 6),
    )
).with_report(
    Report(
        "Appointment scheduled for Tuesday at 2pm", "success", ("Confirm via email",), {"hour": 14}
    )
)


def test_the_documented_form_stands_in_the_record() -> None:
    """The example of the user's phone document, whose names programs rely on."""
    data = WHOLE.to_json()
    assert {name: data[name] for name in ("id", "to", "task", "status", "duration")} == {
        "id": "c1",
        "to": THEIRS,
        "task": "Schedule an appointment...",
        "status": "completed",
        "duration": 342,
    }
    assert data["startedAt"] == "2026-03-02T12:00:00Z"
    assert data["endedAt"] == "2026-03-02T12:05:42Z"
    assert (
        data["transcript"][1].items()
        >= {
            "timestamp": "2026-03-02T12:00:12Z",
            "role": "user",
            "text": "Hi, how can I help?",
        }.items()
    )
    assert data["outcome"] == {
        "success": True,
        "taskCompleted": True,
        "summary": "Appointment scheduled for Tuesday at 2pm",
        "nextSteps": ["Confirm via email"],
    }


def test_the_rest_of_the_form_has_its_names() -> None:
    data = WHOLE.to_json()
    assert set(data) >= {
        "from", "direction", "engine", "provider", "providerCallId", "sessionKey", "identity",
        "attempt", "attempts", "answeredBy", "endReason", "context", "prompt", "metadata",
        "report", "recording", "metrics", "error", "cost", "version",
    }  # fmt: skip
    assert data["from"] == OURS
    assert data["metrics"] == {"ttfaMs": 640, "turns": 8, "bargeIns": 1, "toolMs": 1200}
    row = data["transcript"][0]
    assert (row["interrupted"], row["heardMs"], row["tool"]) == (True, 850, None)


@pytest.mark.parametrize("record", [WHOLE, call(), call(error="x", version=VERSION)])
def test_a_record_comes_back_whole(record: CallRecord) -> None:
    assert CallRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_without_its_transcript_a_record_is_what_lists_show() -> None:
    data = WHOLE.to_json(transcript=False)
    assert "transcript" not in data
    assert CallRecord.from_json(data) == replace(WHOLE, transcript=())


def test_what_a_later_version_added_is_ignored_here() -> None:
    data = WHOLE.to_json()
    data["mood"] = "good"
    data["transcript"][0]["volume"] = 3
    assert CallRecord.from_json(data) == WHOLE


def test_a_record_of_a_form_not_known_yet_is_refused() -> None:
    with pytest.raises(RecordError, match="update the program"):
        CallRecord.from_json(WHOLE.to_json() | {"version": VERSION + 1})


def test_a_damaged_record_is_told_by_place_and_never_by_content() -> None:
    with pytest.raises(RecordError, match="status, startedAt") as error:
        CallRecord.from_json(WHOLE.to_json() | {"status": "+15559998888", "startedAt": "x"})
    assert "+1555" not in str(error.value)


def test_rows_come_back_alone() -> None:
    assert row_from_json(row_to_json(ROWS[0])) == ROWS[0]
    with pytest.raises(RecordError):
        row_from_json({"text": "hi"})


def test_the_other_side_is_whom_we_call_or_who_calls() -> None:
    assert call().peer == THEIRS
    assert call(direction="inbound").peer == OURS
