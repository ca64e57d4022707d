"""What Twilio tells of calls, in the words of our own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.phone.calls.attempt_events import ProviderReport
from server.phone.calls.recovery import ProviderCall
from server.phone.calls.status import AnsweredBy, CallStatus
from server.phone.provider.reports import (
    RecordingNews,
    read_answered_by,
    read_call,
    read_date,
    read_recording,
    read_status,
)
from server.phone.security.forms import Form


def form(**fields: str) -> Form:
    return Form(tuple(fields.items()))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("queued", CallStatus.QUEUED),
        ("initiated", CallStatus.DIALING),
        ("ringing", CallStatus.RINGING),
        ("in-progress", CallStatus.IN_PROGRESS),
        ("answered", CallStatus.IN_PROGRESS),
        ("completed", CallStatus.COMPLETED),
        ("busy", CallStatus.BUSY),
        ("no-answer", CallStatus.NO_ANSWER),
        ("failed", CallStatus.FAILED),
        ("canceled", CallStatus.CANCELED),
    ],
)
def test_every_status_of_a_callback_is_known(said: str, status: CallStatus) -> None:
    news = read_status(form(CallSid="CA1", CallStatus=said, SequenceNumber="3"))
    assert news is not None
    assert news.provider_id == "CA1"
    assert (news.report.status, news.report.sequence) == (status, 3)


def test_the_end_brings_its_length_who_answered_and_what_the_network_said() -> None:
    news = read_status(
        form(
            CallSid="CA1", CallStatus="completed", SequenceNumber="4", CallDuration="61",
            AnsweredBy="human", SipResponseCode="200",
        )
    )  # fmt: skip
    assert news is not None
    assert news.report == ProviderReport(CallStatus.COMPLETED, 4, 61, AnsweredBy.HUMAN)
    failed = read_status(form(CallSid="CA1", CallStatus="failed", SipResponseCode="404"))
    assert failed is not None
    assert failed.report.error == "the network answered with SIP 404"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"CallStatus": "completed"},
        {"CallSid": "CA1"},
        {"CallSid": "CA1", "CallStatus": "on the moon\r\nfake log line"},
    ],
)
def test_what_names_no_call_or_status_is_nothing(
    fields: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert read_status(form(**fields)) is None
    assert "\n" not in "".join(record.getMessage() for record in caplog.records)


def test_numbers_that_are_none_are_not_known() -> None:
    news = read_status(
        form(CallSid="CA1", CallStatus="completed", CallDuration="-1", SequenceNumber="9" * 30)
    )
    assert news is not None
    assert (news.report.seconds, news.report.sequence) == (None, None)
    assert read_answered_by("a parrot") is None


def test_a_call_as_rest_shows_it() -> None:
    call = read_call(
        {
            "sid": "CA1", "status": "completed", "duration": "7", "answered_by": "fax",
            "end_time": "Fri, 20 Nov 2026 10:00:07 +0000",
        }
    )  # fmt: skip
    ended = datetime(2026, 11, 20, 10, 0, 7, tzinfo=UTC)
    assert call == ProviderCall("CA1", CallStatus.COMPLETED, 7, ended, AnsweredBy.FAX)
    assert read_call({"sid": None, "status": "completed"}) is None
    assert read_call({"sid": "CA1"}) is None
    assert read_date("yesterday") is None


RECORDED = {
    "CallSid": "CA1",
    "RecordingSid": "RE" + "0a" * 16,
    "RecordingStatus": "completed",
    "RecordingDuration": "7",
    "RecordingUrl": "https://elsewhere.example.test/x",
}


def test_a_recording_that_is_there() -> None:
    assert read_recording(form(**RECORDED)) == RecordingNews("CA1", "RE" + "0a" * 16, 7)


@pytest.mark.parametrize(
    "changes",
    [
        {"RecordingStatus": "in-progress"},
        {"RecordingStatus": "absent"},
        {"RecordingSid": ""},
        {"RecordingSid": "RE1/../../Calls"},
        {"RecordingSid": RECORDED["RecordingSid"] + "?x"},
    ],
)
def test_what_is_no_recording_is_nothing(changes: dict[str, str]) -> None:
    assert read_recording(form(**(RECORDED | changes))) is None
