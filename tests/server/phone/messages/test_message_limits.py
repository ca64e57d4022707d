"""How many messages strangers may leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.phone.calls.config import BudgetConfig, LimitsConfig
from server.phone.calls.limits import Limits, Spent

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ANN = "+15550001111"


def spent(number: int, *, message: bool, minutes: int = 1, peer: str = ANN) -> Spent:
    began = NOW - timedelta(minutes=number)
    return Spent(f"c{number}:1", peer, "inbound", began, minutes * 60.0, message=message)


def limits(*past: Spent, **changes: object) -> Limits:
    return Limits(LimitsConfig(**changes), past)


def test_strangers_cannot_use_up_the_calls_of_others() -> None:
    past = [spent(n, message=True, peer=f"+1555000{n:04}") for n in range(1, 11)]
    counted = limits(*past)
    reached = counted.may_take_message(NOW, ANN)
    assert reached is not None
    assert reached.limit == "phone.limits.messages.calls_per_hour"
    assert counted.may_call(NOW, ANN, "inbound") is None


def test_one_number_leaves_only_so_many() -> None:
    reached = limits(*(spent(n, message=True) for n in range(1, 7))).may_take_message(NOW, ANN)
    assert reached is not None
    assert reached.limit == "phone.limits.per_number.calls_per_hour"


def test_the_limits_of_all_calls_hold_for_messages_too() -> None:
    past = [spent(n, message=False, peer=f"+1555000{n:04}") for n in range(1, 21)]
    reached = limits(*past).may_take_message(NOW, ANN)
    assert reached is not None
    assert reached.limit == "phone.limits.total.calls_per_hour"


def test_messages_and_calls_at_a_time_are_counted_apart() -> None:
    counted = limits(concurrent_calls=1, concurrent_messages=1)
    counted.begin(spent(0, message=True))
    assert counted.may_call(NOW, ANN, "inbound") is None
    reached = counted.may_take_message(NOW, ANN)
    assert reached is not None
    assert reached.limit == "phone.limits.concurrent_messages"
    counted.end("c0:1", 30.0)
    counted.begin(spent(1, message=False))
    assert counted.may_take_message(NOW, ANN) is None
    assert counted.may_call(NOW, ANN, "inbound") is not None


def test_a_message_lasts_no_longer_than_what_is_left() -> None:
    few = BudgetConfig(minutes_per_hour=3)
    counted = limits(spent(1, message=True, minutes=2), messages=few)
    assert counted.longest_message(NOW, ANN, 180.0) == 60.0
    assert limits().longest_message(NOW, ANN, 180.0) == 180.0
