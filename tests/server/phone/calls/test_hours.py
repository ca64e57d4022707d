"""Hours of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.phone.calls.hours import WeeklyHours
from tests.server.phone.calls.call_records import NOON


def test_no_hours_are_always() -> None:
    assert WeeklyHours.of({}).contain(NOON, UTC)


def test_days_and_spans_are_read_as_people_write_them() -> None:
    hours = WeeklyHours.of({"Mon - Fri": "9:00-12:00, 13:00-18:00", "sat,sunday": "10:00-14:00"})
    monday = NOON.replace(hour=0)
    open_at = [
        hour
        for hour in range(24 * 7)
        if hours.contain(monday + timedelta(hours=hour, minutes=30), UTC)
    ]
    weekdays = [24 * day + hour for day in range(5) for hour in (9, 10, 11, 13, 14, 15, 16, 17)]
    weekend = [24 * day + hour for day in (5, 6) for hour in (10, 11, 12, 13)]
    assert open_at == weekdays + weekend


def test_a_span_over_midnight_belongs_to_the_day_it_begins() -> None:
    hours = WeeklyHours.of({"sun": "22:00-02:00"})
    sunday = NOON.replace(hour=0) - timedelta(days=1)
    assert not hours.contain(sunday + timedelta(hours=1), UTC)
    assert hours.contain(sunday + timedelta(hours=23), UTC)
    assert hours.contain(sunday + timedelta(hours=25, minutes=59), UTC)
    assert not hours.contain(sunday + timedelta(hours=26), UTC)


def test_days_may_go_around_the_week_and_to_its_end() -> None:
    hours = WeeklyHours.of({"fri-mon": "00:00-24:00"})
    assert [hours.contain(NOON + timedelta(days=day), UTC) for day in range(7)] == [
        True, False, False, False, True, True, True,
    ]  # fmt: skip


def test_the_clocks_of_the_place_count_also_in_summer() -> None:
    hours = WeeklyHours.of({"daily": "09:00-10:00"})
    oslo = ZoneInfo("Europe/Oslo")
    assert hours.contain(datetime(2026, 1, 5, 8, 30, tzinfo=UTC), oslo)
    assert hours.contain(datetime(2026, 7, 6, 7, 30, tzinfo=UTC), oslo)
    assert not hours.contain(datetime(2026, 7, 6, 8, 30, tzinfo=UTC), oslo)


@pytest.mark.parametrize("text", ["9-18", "09:00", "25:00-26:00", "09:60-10:00", "24:30-25:00", ""])
def test_a_wrong_span_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='write "09:00-18:00"'):
        WeeklyHours.of({"mon": text})


@pytest.mark.parametrize("day", ["someday", "mon-x", ""])
def test_a_wrong_day_is_told_with_examples(day: str) -> None:
    with pytest.raises(ValueError, match='"mon-fri", "daily"'):
        WeeklyHours.of({day: "09:00-18:00"})
