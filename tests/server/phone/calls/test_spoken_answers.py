"""How many callers are answered with words before they are put through."""

from __future__ import annotations

from datetime import timedelta

from server.phone.calls.spoken_answers import SpokenAnswers
from tests.server.phone.calls.call_records import NOON


def test_within_an_hour_so_many_and_then_again() -> None:
    answers = SpokenAnswers(2)
    minutes = [0, 1, 2, 59, 60, 61, 62]
    spoken = [answers.may_speak(NOON + timedelta(minutes=minute)) for minute in minutes]
    assert spoken == [True, True, False, False, True, True, False]
