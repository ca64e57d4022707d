"""When a message is over."""

from __future__ import annotations

import pytest

from pipeline.speech_gate import Voiced
from server.phone.messages.message_watch import PATIENCE, MessageOver, MessageWatch

WINDOW = 0.032


def listened(*speech: tuple[float, float], until: float, began: float = 10.0) -> MessageWatch:
    """Return a watch that heard speech in some spans, in seconds after the tone."""
    watch = MessageWatch(began, longest=60.0, silence=4.0)
    at = 0.0
    while at < until and watch.over is None:
        end = round(at + WINDOW, 3)
        start = began + at
        speaks = any(first <= at < last for first, last in speech)
        watch.receive([Voiced(start, began + end, 0.9)] if speaks else [], began + end)
        at = end
    return watch


def test_silence_after_speech_ends_it() -> None:
    assert listened((1.0, 3.0), until=6.9).over is None
    watch = listened((1.0, 3.0), until=7.1)
    assert (watch.over, watch.is_message) == (MessageOver.SILENCE, True)


def test_a_pause_to_think_does_not() -> None:
    watch = listened((1.0, 3.0), (6.5, 8.0), until=11.9)
    assert (watch.over, watch.is_message) == (None, True)


def test_the_limit_ends_it() -> None:
    assert listened((0.0, 100.0), until=59.9).over is None
    assert listened((0.0, 100.0), until=61.0).over is MessageOver.TOO_LONG


def test_who_says_nothing_has_left_none() -> None:
    assert listened(until=PATIENCE - 0.1).over is None
    watch = listened(until=PATIENCE + 0.1)
    assert (watch.over, watch.is_message) == (MessageOver.NOTHING_SAID, False)


def test_a_cough_is_no_message_and_gives_time() -> None:
    watch = listened((5.0, 5.2), until=14.0)
    assert (watch.over, watch.is_message) == (None, False)
    assert listened((5.0, 5.2), until=16.0).over is MessageOver.NOTHING_SAID


@pytest.mark.parametrize(("key", "over"), [("#", MessageOver.KEY), ("5", None)])
def test_only_the_last_key_ends_it(key: str, over: MessageOver | None) -> None:
    watch = listened((0.5, 2.0), until=2.5)
    watch.press(key)
    assert watch.over is over


def test_hanging_up_ends_it_and_what_was_first_stands() -> None:
    watch = listened((0.5, 2.0), until=2.5)
    watch.hang_up()
    watch.press("#")
    assert (watch.over, watch.is_message) == (MessageOver.HUNG_UP, True)


def test_a_network_that_stalls_is_no_silence() -> None:
    watch = listened((0.5, 2.0), until=2.5)
    watch.receive([Voiced(30.0, 30.032, 0.9)], 30.032)
    assert watch.over is None
