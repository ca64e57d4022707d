"""Whatever happens to an attempt, in whatever order: it ends, once, and only goes forward."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from server.phone.calls.attempt import Attempt
from server.phone.calls.attempt_events import EndAtProvider, ProviderReport
from server.phone.calls.status import AnsweredBy, CallPhase, CallStatus, EndReason

Event = Callable[[Attempt, float], None]

STREAMS = st.sampled_from(["MZ1", "MZ2"])
REPORTS = st.builds(
    ProviderReport,
    st.sampled_from(
        [
            status
            for status in CallStatus
            if status not in {CallStatus.ENDING, CallStatus.RETRY_WAIT}
        ]
    ),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(0, 100),
    st.none() | st.sampled_from(AnsweredBy),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    REPORTS.map(lambda report: lambda attempt, now: attempt.receive_report(report, now)),
    STREAMS.map(lambda stream: lambda attempt, now: attempt.start_stream(stream, now)),
    STREAMS.map(lambda stream: lambda attempt, now: attempt.stop_stream(stream, now)),
    STREAMS.map(lambda stream: lambda attempt, now: attempt.lose_stream(stream, now)),
    st.sampled_from(EndReason).map(
        lambda reason: lambda attempt, now: attempt.hang_up(reason, now)
    ),
    st.sampled_from(CallPhase).map(lambda phase: lambda attempt, now: attempt.enter(phase)),
    st.sampled_from(AnsweredBy).map(
        lambda who: lambda attempt, now: attempt.receive_answered_by(who, now)
    ),
    st.just(lambda attempt, now: attempt.receive_media(now)),
    st.just(lambda attempt, now: attempt.refuse("no", now)),
)
TIMED = st.lists(st.tuples(EVENTS, st.floats(0.0, 60.0)), max_size=15)


@given(TIMED, st.booleans(), st.booleans())
def test_it_only_goes_forward_ends_once_and_asks_the_provider_at_most_twice(
    events: list[tuple[Event, float]], inbound: bool, media: bool
) -> None:
    attempt = Attempt("inbound" if inbound else "outbound", 0.0, provider_id="CA1", media=media)
    if not inbound:
        attempt.dial(0.0)
    now = 0.0
    ranks = [attempt.status.rank]
    ends = []
    asked = []
    for event, wait in events:
        now += wait
        asked += attempt.step(now)
        event(attempt, now)
        asked += attempt.step(now)
        ranks.append(attempt.status.rank)
        ends.append(attempt.end)
    # From here on nothing happens but time.
    for _ in range(20):
        if (deadline := attempt.deadline()) is not None:
            asked += attempt.step(max(now, deadline))
            ranks.append(attempt.status.rank)
    assert attempt.end is not None
    assert attempt.status.is_final
    assert ranks == sorted(ranks)
    assert len({end for end in ends if end is not None}) <= 1
    told = [one.status for one in asked if isinstance(one, EndAtProvider)]
    assert told in (
        [],
        [CallStatus.CANCELED],
        [CallStatus.COMPLETED],
        [CallStatus.CANCELED, CallStatus.COMPLETED],
    )
