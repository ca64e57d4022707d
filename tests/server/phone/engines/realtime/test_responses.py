from __future__ import annotations

import pytest

from server.phone.engines.realtime.problems import Verdict
from server.phone.engines.realtime.responses import MOST_FAILURES, OWN_ANSWER, Responses
from server.phone.engines.realtime.server_events import ResponseCreated, ResponseDone

CONFLICT = "conversation_already_has_active_response"


def created(request: str | None = None, response_id: str = "r1") -> ResponseCreated:
    return ResponseCreated(response_id, request)


def done(status: str = "completed", response_id: str = "r1", code: str | None = None, message=""):
    return ResponseDone(response_id, None, status, (), code, message)


def test_one_response_after_the_other():
    responses = Responses()
    responses.want({"instructions": "a"})
    responses.want({"instructions": "b"})
    first = responses.next_request(0.0)
    assert first["response"]["instructions"] == "a"
    assert first["response"]["metadata"] == {"request": first["event_id"]}
    assert responses.next_request(0.0) is None
    responses.receive_created(created(first["event_id"]))
    assert responses.active == "r1"
    assert responses.next_request(0.0) is None
    responses.receive_done(done(), 1.0)
    assert responses.next_request(1.0)["response"]["instructions"] == "b"


def test_what_one_answers_is_asked_for_once():
    responses = Responses()
    responses.want()
    responses.want()
    first = responses.next_request(0.0)
    responses.receive_created(created(first["event_id"]))
    responses.receive_done(done(), 0.0)
    assert not responses.busy


def test_nothing_is_asked_for_while_the_caller_speaks_nor_before_the_model_may_answer_by_itself():
    responses = Responses()
    responses.caller_speaks()
    responses.want({"instructions": "a"})
    assert responses.next_request(0.0) is None
    assert responses.deadline() is None
    responses.caller_finished(1.0)
    assert responses.next_request(1.0) is None
    assert responses.deadline() == 1.0 + OWN_ANSWER
    assert responses.next_request(1.0 + OWN_ANSWER) is not None


def test_a_response_that_met_another_is_asked_for_again():
    responses = Responses()
    responses.want({"instructions": "a"})
    first = responses.next_request(0.0)
    responses.receive_created(created())  # the answer to the caller's turn came first
    assert responses.receive_error(first["event_id"], CONFLICT, "", 0.0) is Verdict.HARMLESS
    assert responses.next_request(0.1) is None
    responses.receive_done(done(), 0.2)
    assert responses.next_request(1.0)["response"]["instructions"] == "a"


def test_errors_of_other_events_are_none_of_its_business():
    responses = Responses()
    responses.want()
    responses.next_request(0.0)
    assert responses.receive_error("truncate_1", CONFLICT, "", 0.0) is None
    assert responses.receive_error(None, CONFLICT, "", 0.0) is None


@pytest.mark.parametrize("asked_for", [True, False])
def test_one_that_fails_is_tried_again_after_the_time_it_names(asked_for):
    responses = Responses()
    request = None
    if asked_for:
        responses.want({"instructions": "a"})
        request = responses.next_request(0.0)["event_id"]
    responses.receive_created(created(request))
    failed = done("failed", code="rate_limit_exceeded", message="Please try again in 1.5s.")
    assert responses.receive_done(failed, 10.0) is Verdict.AGAIN
    assert responses.next_request(11.4) is None
    again = responses.next_request(11.5)
    assert again["response"].get("instructions") == ("a" if asked_for else None)


def test_failures_in_a_row_are_given_up():
    responses = Responses()
    verdicts = []
    responses.want()
    for number in range(MOST_FAILURES):
        request = responses.next_request(100.0 * number)
        responses.receive_created(created(request["event_id"]))
        verdicts.append(responses.receive_done(done("failed", code="server_error"), 100.0 * number))
    assert verdicts == [*[Verdict.AGAIN] * (MOST_FAILURES - 1), Verdict.HOPELESS]


def test_an_account_that_may_not_is_given_up_at_once():
    responses = Responses()
    responses.receive_created(created())
    failed = done("failed", code="insufficient_quota")
    assert responses.receive_done(failed, 0.0) is Verdict.HOPELESS


def test_cancelled_and_incomplete_ones_are_no_failures():
    responses = Responses()
    for status in ("cancelled", "incomplete"):
        responses.receive_created(created())
        assert responses.receive_done(done(status), 0.0) is None
    assert not responses.busy


def test_the_end_of_a_response_that_is_not_known_means_nothing():
    responses = Responses()
    responses.receive_created(created())
    assert responses.receive_done(done(response_id="r9"), 0.0) is None
    assert responses.active == "r1"


def test_what_is_no_longer_wanted_is_told_when_it_begins():
    responses = Responses()
    responses.want({"instructions": "a"})
    request = responses.next_request(0.0)
    responses.clear()
    assert not responses.receive_created(created(request["event_id"]))


def test_a_request_that_nothing_follows_is_stuck():
    responses = Responses()
    responses.want()
    responses.next_request(0.0)
    assert not responses.is_stuck(14.9)
    assert responses.is_stuck(responses.deadline())
