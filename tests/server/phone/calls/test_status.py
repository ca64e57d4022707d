"""Words for how calls stand."""

from __future__ import annotations

import pytest

from server.phone.calls.status import ACTIVE_STATUSES, FINAL_STATUSES, AnsweredBy, CallStatus


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("no_answer", CallStatus.NO_ANSWER),
        ("no-answer", CallStatus.NO_ANSWER),
        ("In-Progress", CallStatus.IN_PROGRESS),
        ("initiated", CallStatus.DIALING),
        ("answered", CallStatus.IN_PROGRESS),
        ("cancelled", CallStatus.CANCELED),
    ],
)
def test_statuses_are_read_as_people_and_providers_write_them(
    text: str, status: CallStatus
) -> None:
    assert CallStatus.of(text) is status


def test_an_unknown_status_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'gone' is no status of a call: use one of queued, .*"):
        CallStatus.of("gone")


def test_a_call_has_ended_or_is_active() -> None:
    assert {str(status) for status in FINAL_STATUSES} == {
        "completed", "busy", "no-answer", "failed", "canceled",
    }  # fmt: skip
    assert CallStatus.RETRY_WAIT in ACTIVE_STATUSES


def test_what_machine_detection_means() -> None:
    assert AnsweredBy.UNKNOWN.is_person
    assert not AnsweredBy.FAX.is_person
    assert AnsweredBy.MACHINE_END_BEEP.takes_message
    assert not AnsweredBy.MACHINE_START.takes_message
