"""How much the far end has played, by marks and by the clock."""

from __future__ import annotations

import pytest

from server.phone.audio.far_end import MARK_JITTER, FarEnd


def test_between_marks_the_clock_tells():
    far_end = FarEnd()
    far_end.send(1600, 10.0)
    assert [far_end.played(now) for now in (9.0, 10.0, 10.05, 10.2, 11.0)] == [
        0,
        0,
        400,
        1600,
        1600,
    ]


def test_a_mark_tells_how_long_the_way_is():
    far_end = FarEnd()
    far_end.send(1600, 10.0)
    name = far_end.mark()
    assert far_end.receive_mark(name, 10.3)  # 0.2 s of sound, so 0.1 s both ways
    assert far_end.round_trip == pytest.approx(0.1)
    far_end.send(1600, 20.0)
    assert far_end.played(20.05) == 1600
    assert far_end.played(20.15) == pytest.approx(1600 + 800, abs=1)
    assert far_end.played_at_clear(20.15) == pytest.approx(1600 + 1200, abs=1)
    assert far_end.time_of(1600) == pytest.approx(20.05)


def test_one_mark_that_is_held_up_does_not_stop_the_sound():
    far_end = FarEnd()
    far_end.send(800, 10.0)
    first = far_end.mark()
    far_end.send(2400, 10.0)
    second = far_end.mark()
    far_end.receive_mark(first, 10.1)
    assert far_end.ahead(10.2) == pytest.approx(0.2)
    far_end.receive_mark(second, 10.9)
    # The quickest of the last marks counts: one that is late may only have been held up.
    assert far_end.ahead(10.9) == pytest.approx(-0.5)


def test_a_mark_that_is_overdue_holds_the_account():
    far_end = FarEnd()
    far_end.send(800, 10.0)
    far_end.mark()
    far_end.send(8000, 10.0)
    assert far_end.played(10.1 + MARK_JITTER) == pytest.approx(1600, abs=1)
    assert far_end.played(10.11 + MARK_JITTER) == 800
    assert far_end.mark_due == pytest.approx(10.1)


def test_after_a_clear_old_marks_are_none_of_ours():
    far_end = FarEnd()
    far_end.send(1600, 10.0)
    old = far_end.mark()
    far_end.clear()
    assert far_end.sent == 0
    assert far_end.mark_due is None
    assert not far_end.receive_mark(old, 10.2)
    far_end.send(1600, 10.1)
    new = far_end.mark()
    assert new != old
    assert not far_end.receive_mark(old, 10.2)
    assert far_end.receive_mark(new, 10.3)
    assert far_end.unacknowledged == 0


def test_a_later_mark_tells_of_the_earlier_ones_too():
    far_end = FarEnd()
    far_end.send(800, 10.0)
    first = far_end.mark()
    far_end.send(800, 10.0)
    assert far_end.receive_mark(far_end.mark(), 10.2)
    assert not far_end.receive_mark(first, 10.2)
    assert far_end.mark_due is None


def test_a_mark_from_before_a_pause_does_not_shorten_the_way():
    far_end = FarEnd()
    far_end.send(800, 10.0)
    name = far_end.mark()
    far_end.send(800, 10.25)  # the first was played, its mark is still on its way
    far_end.receive_mark(name, 10.3)
    assert far_end.round_trip == pytest.approx(0.2)
    assert far_end.time_of(800) == pytest.approx(10.35)


def test_who_stays_behind_is_sent_less():
    far_end = FarEnd()
    far_end.send(8000, 10.0)
    far_end.mark()
    far_end.receive_mark("0:8000", 11.0)
    far_end.send(800, 11.0)
    for _ in range(4):
        name = far_end.mark()
        far_end.send(800, 11.0)
        far_end.receive_mark(name, 11.4 + (far_end.sent - 8800) / 8000)
    assert far_end.ahead(12.0) == pytest.approx(0.4 - 0.5 + 0.1 - 0.1 + 0.0, abs=0.11)
