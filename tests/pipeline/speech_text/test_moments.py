from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.speech_text.marks import AGO, SOON
from pipeline.speech_text.moments import write_moment

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "written"),
    [
        (timedelta(), f"{SOON}1 s"),
        (timedelta(seconds=59), f"{SOON}59 s"),
        (timedelta(minutes=-2), f"{AGO}2 min"),
        (timedelta(hours=1, minutes=40), f"{SOON}2 h"),
        (timedelta(days=-29), f"{AGO}29 d"),
        (timedelta(days=31), f"{SOON}1 mo"),
        (timedelta(days=-800), f"{AGO}2 y"),
    ],
)
def test_a_distance_is_told_in_its_largest_unit(distance: timedelta, written: str) -> None:
    assert write_moment(f"{round((NOW + distance).timestamp())}:R", NOW) == written


@pytest.mark.parametrize(
    ("style", "written"),
    [
        ("", "2026-03-14 14:53"),
        (":F", "2026-03-14 14:53"),
        (":t", "14:53"),
        (":d", "2026-03-14"),
    ],
)
def test_a_moment_is_told_in_its_style(style: str, written: str) -> None:
    assert write_moment(f"1773500000{style}", NOW) == written


def test_the_zone_is_the_listeners() -> None:
    in_oslo = NOW.astimezone(timezone(timedelta(hours=1)))
    assert write_moment("1773500000:t", in_oslo) == "15:53"


def test_there_is_no_such_time() -> None:
    assert write_moment("9" * 30, NOW) == ""
