"""Whether the sound of a call flows."""

from __future__ import annotations

from server.phone.calls.attempt_events import AttemptTiming
from server.phone.calls.media_watch import MediaWatch
from server.phone.calls.status import EndReason

TIMING = AttemptTiming()


def test_a_stream_that_is_over_does_not_begin_again() -> None:
    watch = MediaWatch(TIMING, expected=True)
    assert watch.missing
    assert watch.start("MZ1", 1.0)
    watch.stop("MZ1", 2.0)
    assert not watch.start("MZ1", 3.0)
    assert list(watch.timers(1.0)) == [(2.0 + TIMING.report, EndReason.HUNG_UP)]


def test_a_stream_that_took_the_place_of_another_is_not_ended_with_it() -> None:
    watch = MediaWatch(TIMING, expected=True)
    watch.start("MZ1", 1.0)
    watch.start("MZ2", 2.0)
    watch.lose("MZ1", 2.1)
    assert list(watch.timers(1.0)) == [(2.0 + TIMING.media, EndReason.MEDIA_DEAD)]


def test_where_no_sound_is_expected_none_is_missed() -> None:
    watch = MediaWatch(TIMING, expected=False)
    assert not watch.missing
    assert list(watch.timers(1.0)) == []
