"""How much may be called."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from server.phone.calls.config import BudgetConfig, LimitsConfig
from server.phone.calls.limits import MONTH, Limits, Spent
from server.phone.calls.status import Direction
from tests.server.phone.calls.call_records import NOON, THEIRS

OTHER = "+15550003333"
NOTHING = BudgetConfig()


def limits_with(
    past: tuple[Spent, ...] = (),
    *,
    total: BudgetConfig = NOTHING,
    per_number: BudgetConfig = NOTHING,
    concurrent_calls: int = 200,
    concurrent_outbound: int = 200,
) -> Limits:
    config = LimitsConfig(
        total=total,
        per_number=per_number,
        concurrent_calls=concurrent_calls,
        concurrent_outbound=concurrent_outbound,
    )
    return Limits(config, past)


def spent(
    minutes_ago: float,
    seconds: float = 60.0,
    number: str = THEIRS,
    direction: Direction = "outbound",
) -> Spent:
    began = NOON - timedelta(minutes=minutes_ago)
    return Spent(f"{number}:{minutes_ago}", number, direction, began, seconds)


@pytest.mark.parametrize(
    ("name", "window"),
    [("hour", timedelta(hours=1)), ("day", timedelta(days=1)), ("month", MONTH)],
)
def test_calls_and_minutes_roll_out_of_their_windows(name: str, window: timedelta) -> None:
    began = Spent("a", THEIRS, "outbound", NOON, 61.0)
    for limit, number in ("calls", 1), ("minutes", 2):
        budget = BudgetConfig.model_validate({f"{limit}_per_{name}": number})
        limits = limits_with((began,), total=budget)
        refusal = limits.may_call(NOON + window - timedelta(seconds=1), OTHER, "inbound")
        assert refusal is not None
        assert refusal.limit == f"phone.limits.total.{limit}_per_{name}"
        assert refusal.free_at == NOON + window
        assert limits.may_call(NOON + window, OTHER, "inbound") is None


def test_a_refusal_says_what_to_do() -> None:
    limits = limits_with((spent(30),), total=BudgetConfig(calls_per_hour=1))
    refusal = limits.may_call(NOON, OTHER, "outbound")
    assert refusal is not None
    assert refusal.message == (
        "1 calls are spent: wait until 2026-03-02 12:30 UTC, or raise"
        " phone.limits.total.calls_per_hour"
    )


def test_one_number_does_not_use_up_what_another_may() -> None:
    past = tuple(spent(minutes) for minutes in (1, 2, 3))
    limits = limits_with(past, per_number=BudgetConfig(calls_per_hour=3))
    assert limits.may_call(NOON, THEIRS, "inbound") is not None
    assert limits.may_call(NOON, OTHER, "inbound") is None


def test_it_is_free_again_when_enough_has_rolled_out() -> None:
    past = (spent(50, 600), spent(40, 600), spent(10, 600))
    limits = limits_with(past, total=BudgetConfig(minutes_per_hour=15))
    refusal = limits.may_call(NOON, OTHER, "outbound")
    assert refusal is not None
    assert refusal.free_at == NOON + timedelta(minutes=20)
    assert limits.may_call(refusal.free_at, OTHER, "outbound") is None


def test_a_limit_of_none_at_all_is_never_free() -> None:
    refusal = limits_with(total=BudgetConfig(calls_per_day=0)).may_call(NOON, OTHER, "outbound")
    assert refusal is not None
    assert refusal.free_at is None


def test_a_running_call_holds_what_it_may_need_and_gives_the_rest_back() -> None:
    limits = limits_with(total=BudgetConfig(minutes_per_hour=15))
    assert limits.longest_call(NOON, THEIRS, "outbound") == 600.0
    limits.begin(Spent("a", THEIRS, "outbound", NOON, 600.0))
    assert limits.longest_call(NOON, OTHER, "outbound") == 300.0
    limits.begin(Spent("b", OTHER, "outbound", NOON, 300.0))
    assert limits.may_call(NOON, OTHER, "outbound") is not None
    limits.end("a", 61.0)
    limits.end("b", 0.0)
    assert limits.longest_call(NOON, OTHER, "inbound") == 13 * 60.0


def test_unanswered_calls_are_calls_without_minutes() -> None:
    limits = limits_with((spent(1, 0.0),), total=BudgetConfig(minutes_per_hour=1))
    assert limits.may_call(NOON, THEIRS, "outbound") is None
    limits = limits_with((spent(1, 0.0),), total=BudgetConfig(calls_per_hour=1))
    assert limits.may_call(NOON, THEIRS, "outbound") is not None


def test_only_so_many_at_once() -> None:
    limits = limits_with(concurrent_calls=2, concurrent_outbound=1)
    limits.begin(Spent("a", THEIRS, "outbound", NOON, 600.0))
    refusal = limits.may_call(NOON, OTHER, "outbound")
    assert refusal is not None
    assert refusal.message == (
        "1 call is running already: end one, or raise phone.limits.concurrent_outbound"
    )
    assert limits.may_call(NOON, OTHER, "inbound") is None
    limits.begin(Spent("b", OTHER, "inbound", NOON, 600.0))
    refusal = limits.may_call(NOON, OTHER, "inbound")
    assert refusal is not None
    assert refusal.limit == "phone.limits.concurrent_calls"
    limits.end("a", 10.0)
    assert limits.may_call(NOON, OTHER, "outbound") is None


def test_twenty_at_once_where_the_settings_allow_it() -> None:
    limits = limits_with(concurrent_calls=20, concurrent_outbound=20)
    for number in range(20):
        assert limits.may_call(NOON, f"+1555000{number:04}", "outbound") is None
        limits.begin(Spent(str(number), f"+1555000{number:04}", "outbound", NOON, 600.0))
    assert limits.may_call(NOON, OTHER, "outbound") is not None


def test_what_is_older_than_a_month_is_forgotten_and_what_runs_is_not() -> None:
    old = Spent("old", THEIRS, "outbound", NOON - MONTH, 60.0)
    running = Spent("running", THEIRS, "outbound", NOON - MONTH, 60.0, running=True)
    limits = limits_with((old, running), concurrent_calls=2)
    limits.begin(Spent("new", THEIRS, "inbound", NOON, 60.0))
    assert limits.may_call(NOON, OTHER, "inbound") is not None
    limits.end("running", 1.0)
    limits.end("old", 1.0)
    assert limits.may_call(NOON, OTHER, "inbound") is None


def test_the_defaults_hold_a_runaway_agent() -> None:
    limits = Limits(LimitsConfig())
    now: datetime = NOON
    made = 0
    while limits.may_call(now, f"+1555{made:07}", "outbound") is None:
        limits.begin(Spent(str(made), f"+1555{made:07}", "outbound", now, 600.0))
        limits.end(str(made), 20.0)
        made += 1
    assert made == 20
