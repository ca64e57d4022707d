"""One attempt at a call: the same end in whatever order its reports arrive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.phone.calls.attempt import Attempt
from server.phone.calls.attempt_events import (
    AskProvider,
    AttemptAction,
    AttemptTiming,
    EndAtProvider,
    ProviderReport,
)
from server.phone.calls.status import AnsweredBy, CallPhase, CallStatus, EndReason

TIMING = AttemptTiming()
RINGING = ProviderReport(CallStatus.RINGING, 1)
ANSWERED = ProviderReport(CallStatus.IN_PROGRESS, 2)
COMPLETED = ProviderReport(CallStatus.COMPLETED, 3, seconds=42)

Event = Callable[[Attempt, float], None]


def report(status: CallStatus, sequence: int | None, seconds: int | None = None) -> Event:
    return lambda attempt, now: attempt.receive_report(
        ProviderReport(status, sequence, seconds), now
    )


def verdict(attempt: Attempt, now: float) -> None:
    attempt.receive_answered_by(AnsweredBy.HUMAN, now)


def stream(attempt: Attempt, now: float) -> None:
    attempt.start_stream("MZ1", now)


ANSWERED_CALL: tuple[Event, ...] = (
    report(CallStatus.DIALING, 0),
    report(CallStatus.RINGING, 1),
    report(CallStatus.IN_PROGRESS, 2),
    report(CallStatus.COMPLETED, 3, 42),
    stream,
    verdict,
)


def unanswered_call(status: CallStatus) -> tuple[Event, ...]:
    return (
        report(CallStatus.DIALING, 0),
        report(CallStatus.RINGING, 1),
        report(status, 2, 0),
    )


def dialed(now: float = 0.0) -> Attempt:
    attempt = Attempt("outbound", now, TIMING)
    attempt.dial(now)
    attempt.accept("CA1")
    return attempt


def answered(now: float = 0.0) -> Attempt:
    attempt = dialed(now)
    attempt.receive_report(ANSWERED, now)
    attempt.start_stream("MZ1", now)
    return attempt


def run_until_over(attempt: Attempt, now: float = 0.0) -> list[AttemptAction]:
    """Let time pass with nothing happening; return what the provider was asked."""
    actions = list(attempt.step(now))
    for _ in range(20):
        deadline = attempt.deadline()
        if deadline is None:
            return actions
        actions += attempt.step(deadline)
    raise AssertionError("it never ends")


def shuffled(events: tuple[Event, ...]) -> st.SearchStrategy[list[Event]]:
    """Every order, with duplicates at any place."""
    twice = st.lists(st.sampled_from(events), max_size=4)
    return twice.flatmap(lambda more: st.permutations((*events, *more)))


@given(shuffled(ANSWERED_CALL), st.lists(st.floats(0.0, 0.15), min_size=10, max_size=10))
def test_an_answered_call_ends_the_same_in_every_order(
    events: list[Event], delays: list[float]
) -> None:
    attempt = dialed()
    now = 0.0
    ranks = [attempt.status.rank]
    for event, delay in zip(events, delays, strict=False):
        now += delay
        attempt.step(now)
        event(attempt, now)
        ranks.append(attempt.status.rank)
    run_until_over(attempt, now)
    assert ranks == sorted(ranks)
    assert attempt.end is not None
    assert (attempt.end.status, attempt.end.reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)
    assert attempt.seconds == 42
    assert attempt.answered_by is AnsweredBy.HUMAN
    assert attempt.answered_at is not None
    assert attempt.had_media


@given(
    st.sampled_from(
        [CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED]
    ),
    st.data(),
)
def test_an_unanswered_call_ends_the_same_in_every_order(
    status: CallStatus, data: st.DataObject
) -> None:
    attempt = dialed()
    ranks = []
    for event in data.draw(shuffled(unanswered_call(status))):
        event(attempt, 1.0)
        ranks.append(attempt.status.rank)
    assert ranks == sorted(ranks)
    assert attempt.end is not None
    assert attempt.end.status is status
    assert attempt.deadline() is None


@given(
    shuffled(tuple(event for event in ANSWERED_CALL if event is not stream)),
    st.permutations(ANSWERED_CALL),
)
def test_completed_without_media_fails_in_every_order_and_whatever_comes_later_is_too_late(
    events: list[Event], later: list[Event]
) -> None:
    attempt = dialed()
    for event in events:
        event(attempt, 1.0)
    run_until_over(attempt, 1.0)
    end = attempt.end
    assert end is not None
    assert (end.status, end.error) == (CallStatus.FAILED, "media never connected")
    for event in later:
        event(attempt, 100.0)
        assert attempt.step(100.0) == ()
    assert attempt.end == end
    assert attempt.status is CallStatus.FAILED


def test_completed_may_overtake_the_stream_by_the_grace_and_no_more() -> None:
    for late, status in (1.9, CallStatus.COMPLETED), (2.1, CallStatus.FAILED):
        attempt = dialed()
        attempt.receive_report(COMPLETED, 10.0)
        assert attempt.status is CallStatus.ENDING
        assert attempt.deadline() == 12.0
        attempt.step(10.0 + late)
        attempt.start_stream("MZ1", 10.0 + late)
        assert attempt.status is status


def test_a_stream_alone_means_answered() -> None:
    attempt = dialed()
    assert attempt.status is CallStatus.DIALING
    assert attempt.phase is None
    attempt.start_stream("MZ1", 5.0)
    assert attempt.status is CallStatus.IN_PROGRESS
    assert attempt.phase is CallPhase.GREETING
    assert attempt.answered_at == 5.0


def test_of_two_ends_the_one_that_the_provider_reported_first_holds() -> None:
    attempt = dialed()
    attempt.receive_report(ProviderReport(CallStatus.COMPLETED, 3), 1.0)
    attempt.receive_report(ProviderReport(CallStatus.BUSY, 2), 1.5)
    assert attempt.status is CallStatus.BUSY


def test_a_caller_who_is_only_told_something_needs_no_stream() -> None:
    attempt = Attempt("inbound", 0.0, TIMING, provider_id="CA1", media=False)
    assert attempt.status is CallStatus.RINGING
    attempt.receive_report(ANSWERED, 1.0)
    attempt.receive_report(COMPLETED, 90.0)
    assert attempt.status is CallStatus.COMPLETED


def test_a_broken_socket_may_come_back_within_the_grace() -> None:
    attempt = answered()
    attempt.lose_stream("MZ1", 10.0)
    assert attempt.deadline() == 12.0
    attempt.start_stream("MZ2", 11.0)
    attempt.lose_stream("MZ1", 11.5)  # told twice
    assert attempt.step(13.0) == ()
    assert attempt.status is CallStatus.IN_PROGRESS
    attempt.lose_stream("MZ2", 20.0)
    assert attempt.step(22.0) == (EndAtProvider("CA1", CallStatus.COMPLETED),)
    attempt.receive_report(COMPLETED, 22.5)
    assert attempt.end is not None
    assert attempt.end.reason is EndReason.MEDIA_LOST
    assert attempt.end.status is CallStatus.COMPLETED


def test_a_caller_who_hangs_up_within_the_grace_has_hung_up() -> None:
    attempt = answered()
    attempt.lose_stream("MZ1", 10.0)
    attempt.receive_report(COMPLETED, 10.5)
    assert attempt.end is not None
    assert attempt.end.reason is EndReason.HUNG_UP


def test_a_stopped_stream_without_a_report_is_hung_up_after_a_while() -> None:
    attempt = answered()
    attempt.stop_stream("MZ1", 10.0)
    assert attempt.status is CallStatus.IN_PROGRESS
    actions = run_until_over(attempt, 10.0)
    assert actions == [EndAtProvider("CA1", CallStatus.COMPLETED), AskProvider("CA1")]
    assert attempt.end is not None
    assert (attempt.end.status, attempt.end.reason) == (CallStatus.COMPLETED, EndReason.HUNG_UP)


def test_silence_of_the_socket_is_death() -> None:
    attempt = answered()
    attempt.receive_media(20.0)
    assert attempt.step(49.9) == ()
    assert attempt.step(50.0) == (EndAtProvider("CA1", CallStatus.COMPLETED),)
    attempt.receive_report(COMPLETED, 51.0)
    assert attempt.end is not None
    assert attempt.end.error == "no sound arrived for too long"


def test_an_answered_call_without_a_stream_is_ended_and_has_failed() -> None:
    attempt = dialed()
    attempt.receive_report(ANSWERED, 5.0)
    assert attempt.phase is CallPhase.CONNECTING
    assert attempt.step(35.0) == (EndAtProvider("CA1", CallStatus.COMPLETED),)
    attempt.receive_report(COMPLETED, 36.0)
    assert attempt.end is not None
    assert attempt.end.status is CallStatus.FAILED
    assert attempt.end.reason is EndReason.MEDIA_NEVER_CONNECTED


def test_a_transfer_needs_no_media() -> None:
    attempt = answered()
    attempt.enter(CallPhase.TRANSFERRING)
    attempt.stop_stream("MZ1", 10.0)
    assert attempt.deadline() == TIMING.blind
    attempt.receive_report(COMPLETED, 500.0)
    assert attempt.status is CallStatus.COMPLETED


def test_a_call_that_cannot_be_watched_does_not_stay_for_ever() -> None:
    attempt = Attempt("inbound", 0.0, TIMING, provider_id="CA1", media=False)
    attempt.receive_report(ANSWERED, 1.0)
    assert run_until_over(attempt, 1.0)[0] == EndAtProvider("CA1", CallStatus.COMPLETED)
    assert attempt.end is not None
    assert attempt.end.reason is EndReason.TOO_LONG


def test_the_reaper_takes_calls_that_were_never_answered() -> None:
    attempt = dialed()
    assert attempt.deadline() == TIMING.ring + TIMING.reaper
    assert run_until_over(attempt) == [
        EndAtProvider("CA1", CallStatus.CANCELED),
        AskProvider("CA1"),
    ]
    assert attempt.end is not None
    assert attempt.end.status is CallStatus.NO_ANSWER
    assert attempt.end.reason is EndReason.NEVER_ANSWERED


def test_the_reaper_spares_calls_that_were_answered() -> None:
    attempt = answered()
    for second in range(0, 600, 20):
        attempt.receive_media(float(second))
        assert attempt.step(float(second)) == ()
    assert attempt.status is CallStatus.IN_PROGRESS


@pytest.mark.parametrize("inbound", [False, True])
def test_hanging_up_asks_the_provider_once(inbound: bool) -> None:
    attempt = Attempt("inbound", 0.0, TIMING, provider_id="CA1") if inbound else dialed()
    attempt.hang_up(EndReason.CANCELED, 3.0)
    attempt.hang_up(EndReason.SILENCE, 3.0)
    wanted = CallStatus.COMPLETED if inbound else CallStatus.CANCELED
    assert attempt.step(3.0) == (EndAtProvider("CA1", wanted),)
    assert attempt.step(3.0) == ()
    assert attempt.status is CallStatus.ENDING
    attempt.receive_report(ProviderReport(wanted, 4), 4.0)
    assert attempt.end is not None
    assert (attempt.end.status, attempt.end.reason) == (wanted, EndReason.CANCELED)


def test_answered_in_the_moment_of_canceling_is_ended_in_the_other_way() -> None:
    attempt = dialed()
    attempt.hang_up(EndReason.CANCELED, 3.0)
    assert attempt.step(3.0) == (EndAtProvider("CA1", CallStatus.CANCELED),)
    attempt.receive_report(ANSWERED, 3.1)
    assert attempt.step(3.1) == (EndAtProvider("CA1", CallStatus.COMPLETED),)
    assert attempt.step(3.2) == ()
    attempt.receive_report(COMPLETED, 4.0)
    assert attempt.status is CallStatus.COMPLETED


def test_hanging_up_before_the_provider_gave_an_id_waits_for_it() -> None:
    attempt = Attempt("outbound", 0.0, TIMING)
    attempt.dial(0.0)
    attempt.hang_up(EndReason.CANCELED, 1.0)
    assert attempt.step(500.0) == ()
    assert attempt.deadline() is None
    attempt.accept("CA1")
    assert attempt.step(500.0) == (EndAtProvider("CA1", CallStatus.CANCELED),)


def test_hanging_up_before_dialing_needs_nobody() -> None:
    attempt = Attempt("outbound", 0.0, TIMING)
    assert attempt.deadline() is None
    attempt.hang_up(EndReason.CANCELED, 1.0)
    assert attempt.status is CallStatus.CANCELED
    assert attempt.step(1.0) == ()


def test_a_provider_that_refuses_to_dial_fails_the_attempt() -> None:
    attempt = Attempt("outbound", 0.0, TIMING)
    attempt.dial(0.0)
    attempt.refuse("21211: that is no number", 1.0)
    assert attempt.end is not None
    assert attempt.end.reason is EndReason.NOT_PLACED
    assert attempt.end.error == "21211: that is no number"


def test_a_refusal_does_not_hold_of_a_call_that_the_provider_has_told_of() -> None:
    attempt = Attempt("outbound", 0.0)
    attempt.dial(0.0)
    attempt.accept("CA1")  # by its first callback; the answer to our request is lost
    attempt.refuse("Twilio cannot be reached", 1.0)
    assert attempt.end is None
    assert attempt.status is CallStatus.DIALING


def test_who_answered_may_be_told_after_the_end_and_answers_nothing() -> None:
    attempt = dialed()
    attempt.receive_report(ProviderReport(CallStatus.BUSY, 3), 1.0)
    attempt.receive_answered_by(AnsweredBy.MACHINE_START, 2.0)
    assert attempt.answered_by is AnsweredBy.MACHINE_START
    assert attempt.answered_at is None


def test_a_call_that_was_handed_over_ended_for_that_reason() -> None:
    attempt = dialed()
    attempt.start_stream("MZ1", 1.0)
    attempt.enter(CallPhase.TRANSFERRING)
    attempt.receive_report(ProviderReport(CallStatus.COMPLETED, 3, 42), 43.0)
    assert attempt.end is not None
    assert attempt.end.reason is EndReason.TRANSFERRED


def test_a_provider_that_refuses_what_was_given_up_already_changes_nothing() -> None:
    attempt = Attempt("outbound", 0.0, TIMING)
    attempt.dial(0.0)
    attempt.hang_up(EndReason.CANCELED, 0.5)
    attempt.refuse("21211: that is no number", 1.0)
    assert attempt.status is CallStatus.CANCELED
    attempt.refuse("again", 2.0)
    assert attempt.status is CallStatus.CANCELED


def test_what_the_provider_answers_when_asked_counts_as_the_newest() -> None:
    attempt = dialed()
    attempt.receive_report(ProviderReport(CallStatus.COMPLETED, None), 1.0)
    attempt.receive_report(ProviderReport(CallStatus.NO_ANSWER, 2), 1.1)
    assert attempt.status is CallStatus.NO_ANSWER
