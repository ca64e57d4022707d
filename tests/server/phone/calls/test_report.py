"""What the agent reports of a call."""

from __future__ import annotations

from typing import Any

import pytest

from server.phone.calls.report import Outcome, Report, ReportError


def test_names_of_the_agents_own_become_data() -> None:
    report = Report.of(
        {
            "summary": " Booked. ",
            "outcome": "success",
            "nextSteps": ["Confirm"],
            "data": {"hour": 14},
            "doctor": "Smith",
        }
    )
    assert report == Report("Booked.", "success", ("Confirm",), {"hour": 14, "doctor": "Smith"})


@pytest.mark.parametrize(
    ("arguments", "steps", "data"),
    [
        ({"next_steps": "Call again"}, ("Call again",), {}),
        ({"nextSteps": None}, (), {}),
        ({"nextSteps": [1, "two"]}, ("1", "two"), {}),
        ({"data": [1, 2]}, (), {"data": [1, 2]}),
    ],
)
def test_models_write_reports_in_many_ways(
    arguments: dict[str, Any], steps: tuple[str, ...], data: dict[str, Any]
) -> None:
    report = Report.of({"summary": "x", **arguments})
    assert (report.next_steps, report.data, report.outcome) == (steps, data, "unknown")


def test_a_report_that_cannot_be_taken_tells_what_to_change() -> None:
    with pytest.raises(ReportError, match='needs "summary"'):
        Report.of({"outcome": "success"})
    with pytest.raises(ReportError, match="success, failure, voicemail, no_answer, unknown"):
        Report.of({"summary": "x", "outcome": "splendid"})


def test_the_outcome_follows_and_is_never_invented() -> None:
    assert Report.of({"summary": "x", "outcome": "no-answer"}).outcome == "no_answer"
    assert Outcome.of(Report("x", "voicemail")) == Outcome(False, False, "x")
    assert Outcome.of(Report("x")) == Outcome(None, None, "x")
