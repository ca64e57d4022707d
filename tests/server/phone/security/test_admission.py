"""Strangers at the door."""

from __future__ import annotations

from server.phone.security.admission import (
    CONNECTIONS,
    MEDIA_SOCKETS,
    WEBHOOKS,
    Admission,
    AdmissionLimits,
    Ticket,
)
from server.phone.security.refusals import Reason, Refusal

LIMITS = AdmissionLimits(
    strangers=6, strangers_per_address=3, admitted=4, patience=5.0, most_bytes=1000
)


def opened(door: Admission, address: str | None = "1.1.1.1", now: float = 0.0) -> Ticket:
    ticket = door.open(address, now)
    assert isinstance(ticket, Ticket)
    return ticket


def refused(result: Ticket | Refusal | None) -> Reason | None:
    return result.reason if isinstance(result, Refusal) else None


def test_two_hundred_sockets_of_one_address_are_three_and_others_still_come_in() -> None:
    door = Admission(LIMITS)
    results = [door.open("1.1.1.1", 0.0) for _ in range(200)]
    assert [refused(one) for one in results] == [None] * 3 + [Reason.TOO_MANY] * 197
    assert refused(door.open("2.2.2.2", 0.0)) is None
    assert door.strangers == 4


def test_many_addresses_are_bounded_in_all() -> None:
    door = Admission(LIMITS)
    results = [refused(door.open(f"1.1.1.{number}", 0.0)) for number in range(10)]
    assert results == [None] * 6 + [Reason.FULL] * 4


def test_one_ipv6_customer_is_one_address() -> None:
    door = Admission(LIMITS)
    results = [refused(door.open(f"2001:db8::{number}", 0.0)) for number in range(1, 6)]
    assert results == [None] * 3 + [Reason.TOO_MANY] * 2


def test_our_own_proxy_is_counted_in_all_only() -> None:
    door = Admission(LIMITS)
    results = [refused(door.open(None, 0.0)) for _ in range(7)]
    assert results == [None] * 6 + [Reason.FULL]


def test_those_who_proved_themselves_make_room() -> None:
    door = Admission(LIMITS)
    tickets = [opened(door) for _ in range(3)]
    assert refused(door.open("1.1.1.1", 0.0)) is Reason.TOO_MANY
    assert door.admit(tickets[0]) is None
    assert door.admit(tickets[0]) is None
    assert (door.strangers, door.admitted) == (2, 1)
    opened(door)


def test_strangers_do_not_touch_those_admitted() -> None:
    door = Admission(LIMITS)
    live = opened(door)
    door.admit(live)
    for number in range(1000):
        door.open(f"1.1.{number % 250}.{number // 250}", 1.0)
    assert door.admitted == 1
    assert live not in door.handle_timer(100.0)
    assert door.receive(live, 10**9, 100.0) is None


def test_those_admitted_are_bounded_too() -> None:
    door = Admission(LIMITS)
    for number in range(4):
        assert door.admit(opened(door, f"1.1.1.{number}")) is None
    last = opened(door, "2.2.2.2")
    assert refused(door.admit(last)) is Reason.FULL
    door.close(last)
    assert door.strangers == 0


def test_dripping_slowly_gains_no_time() -> None:
    door = Admission(LIMITS)
    ticket = opened(door, now=10.0)
    for tick in range(50):
        assert door.receive(ticket, 1, 10.0 + tick / 10) is None
    assert refused(door.receive(ticket, 1, 15.0)) is Reason.TOO_SLOW
    assert door.get_timer() == 15.0
    assert door.handle_timer(14.9) == []
    assert door.handle_timer(15.0) == [ticket]
    assert (door.strangers, door.get_timer()) == (0, None)


def test_the_timer_is_that_of_the_first() -> None:
    door = Admission(LIMITS)
    first, second = opened(door, now=0.0), opened(door, now=2.0)
    assert door.get_timer() == 5.0
    door.admit(first)
    assert door.get_timer() == 7.0
    assert door.handle_timer(99.0) == [second]


def test_too_much_is_refused_before_it_is_kept() -> None:
    door = Admission(LIMITS)
    ticket = opened(door)
    assert door.receive(ticket, 1000, 0.0) is None
    assert refused(door.receive(ticket, 1, 0.0)) is Reason.TOO_LARGE
    assert refused(door.receive(opened(door), 10**12, 0.0)) is Reason.TOO_LARGE


def test_closing_leaves_nothing_behind_and_may_be_done_twice() -> None:
    door = Admission(LIMITS)
    for _ in range(1000):
        ticket = opened(door)
        door.receive(ticket, 5, 0.0)
        door.admit(ticket)
        door.close(ticket)
        door.close(ticket)
    assert (door.strangers, door.admitted, len(door._by_group)) == (0, 0, 0)
    opened(door)
    door.handle_timer(99.0)
    assert not door._by_group


def test_the_numbers_are_those_of_the_specification() -> None:
    assert (WEBHOOKS.strangers_per_address, WEBHOOKS.patience, WEBHOOKS.most_bytes) == (
        8,
        5.0,
        65536,
    )
    assert (MEDIA_SOCKETS.strangers, MEDIA_SOCKETS.strangers_per_address) == (32, 4)
    assert CONNECTIONS.strangers_per_address < CONNECTIONS.strangers
