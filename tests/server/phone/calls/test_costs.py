"""What calls cost."""

from __future__ import annotations

from server.phone.calls.config import CostsConfig
from server.phone.calls.costs import Usage, estimate
from server.phone.calls.record import Cost
from tests.server.phone.calls.call_records import THEIRS

RATES = CostsConfig(
    outbound_minute=0.014,
    inbound_minute=0.0085,
    outbound_prefixes={"+44": 0.02, "+447": 0.05},
    media_minute=0.004,
    machine_detection=0.0075,
    recording_minute=0.0025,
    realtime_input_minute=0.06,
    realtime_output_minute=0.24,
)


def test_begun_minutes_count_whole() -> None:
    cost = estimate([Usage("outbound", THEIRS, 61.0, media_seconds=60.0)], RATES)
    assert cost == Cost("USD", 0.032, {"telephone": 0.028, "media": 0.004}, minutes=2)


def test_the_longest_prefix_counts() -> None:
    for number, rate in ("+447700900123", 0.05), ("+442079460000", 0.02), ("+15550001111", 0.014):
        assert estimate([Usage("outbound", number, 1.0)], RATES).amount == rate
    assert estimate([Usage("inbound", "+447700900123", 1.0)], RATES).amount == 0.0085


def test_unanswered_attempts_cost_nothing_and_count_together_with_the_others() -> None:
    unanswered = Usage("outbound", THEIRS, 0.0, machine_detection=True)
    answered = Usage("outbound", THEIRS, 30.0, recorded_seconds=30.0, machine_detection=True)
    cost = estimate([unanswered, unanswered, answered], RATES)
    assert cost.parts == {"telephone": 0.014, "recording": 0.0025, "machine_detection": 0.0075}
    assert cost.amount == 0.024
    assert estimate([unanswered], RATES) == Cost("USD", 0.0)


def test_the_realtime_model_costs_by_what_it_hears_and_speaks() -> None:
    usage = Usage(
        "inbound", THEIRS, 60.0, realtime_input_seconds=60.0, realtime_output_seconds=30.0
    )
    assert estimate([usage], RATES).parts == {
        "telephone": 0.0085,
        "realtime_input": 0.06,
        "realtime_output": 0.12,
    }
