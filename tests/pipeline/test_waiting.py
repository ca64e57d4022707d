"""A wait is filled when it is long by the agent's own figures, and never over a person."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.config import SoundsConfig
from pipeline.wait_times import WaitTimes
from pipeline.waiting import Awaited, Cue, Kind, Waiting

SIGN, THINKING, SILENCE = Cue(Kind.SIGN), Cue(Kind.THINKING), Cue(Kind.SILENCE)
STEP = 0.02
SECONDS = {Kind.SIGN: 0.2, Kind.WORDS: 0.8}
QUICK = [0.3] * 20
SLOW = [5.0, 5.5, 6.0, 7.0, 8.0] * 3


def words(text: str) -> Cue:
    return Cue(Kind.WORDS, text)


class Wait:
    """A wait from 10.0 on; the agent was asked then, too."""

    def __init__(
        self,
        known: Sequence[float],
        *,
        language: str = "en",
        asked: float = 10.0,
        **config: bool | float,
    ) -> None:
        times = WaitTimes()
        for wait in known:
            times.learn("jarvis", wait)
        awaited = Awaited("jarvis", language, asked, 10.0)
        self.waiting = Waiting(awaited, SoundsConfig(**config), times)
        self.cues: list[tuple[float, Cue]] = []
        self._now = 10.0
        self._ends = float("inf")

    def until(self, seconds: float, *, someone_speaks: bool = False) -> list[tuple[float, Cue]]:
        """Let the wait go on until so long after its beginning."""
        while self._now < 10.0 + seconds - 1e-9:
            if self._now >= self._ends:
                self.waiting.receive_ended()
                self._ends = float("inf")
            cue = self.waiting.decide(self._now, someone_speaks=someone_speaks)
            if cue is not None:
                self.cues.append((pytest.approx(self._now - 10.0, abs=2.5 * STEP), cue))
                self._ends = self._now + SECONDS.get(cue.kind, float("inf"))
            self._now += STEP
        return self.cues


def test_a_quick_agent_is_heard_before_any_sign():
    assert Wait(QUICK).until(0.9) == []


def test_while_nothing_is_known_there_is_a_sign_and_then_silence_for_long():
    assert Wait([]).until(3.9) == [(0.0, SIGN)]
    assert Wait([2.0] * 7).until(3.9) == [(0.0, SIGN)]


def test_a_wait_of_which_nothing_is_known_is_long_in_the_end():
    assert Wait([]).until(8.0) == [(0.0, SIGN), (4.0, words("One moment.")), (4.8, THINKING)]


def test_a_slow_agent_is_excused_soon():
    assert Wait(SLOW).until(3.0) == [(0.0, SIGN), (0.6, words("One moment.")), (1.4, THINKING)]


def test_a_wait_too_short_for_words_has_the_sound_alone():
    assert Wait([3.0] * 10).until(2.9) == [(0.0, SIGN), (0.6, THINKING)]


def test_a_wait_that_is_almost_over_is_not_filled():
    assert Wait([1.7] * 10).until(1.7) == [(0.0, SIGN)]


def test_words_are_not_begun_where_the_answer_may_well_come_first():
    assert Wait([1.5, 1.5, 1.5, 5.0, 5.0, 5.0, 5.0, 5.0]).until(1.4) == [
        (0.0, SIGN),
        (0.6, THINKING),
    ]


def test_an_agent_that_is_now_and_then_slow_is_known_to_be_slow_when_it_is_not_quick():
    assert Wait([0.4] * 16 + [6.0] * 6).until(3.0) == [
        (0.6, words("One moment.")),
        (1.4, THINKING),
    ]


def test_what_was_asked_ahead_is_judged_from_when_it_was_asked():
    assert Wait([2.0] * 10, asked=9.0).until(1.0) == [(0.0, SIGN)]


def test_a_wait_that_goes_on_is_spoken_of_again():
    cues = Wait(SLOW, thinking=False).until(45.0)
    assert cues == [
        (0.0, SIGN),
        (0.6, words("One moment.")),
        (20.6, words("This takes a bit longer.")),
        (40.6, words("This takes a bit longer.")),
    ]


def test_that_something_is_looked_up_is_said_only_when_it_is_known():
    wait = Wait(SLOW, thinking=False)
    wait.waiting.receive_tool("exec")
    assert wait.until(2.0)[-1] == (0.6, words("One moment."))
    wait = Wait(SLOW, thinking=False)
    wait.waiting.receive_tool("web_search")
    assert wait.until(2.0)[-1] == (0.6, words("I'm looking it up."))
    wait.waiting.receive_tool("web_search")
    assert wait.until(21.0)[-1] == (20.6, words("This takes a bit longer."))


def test_words_are_in_the_language_of_the_conversation_or_not_at_all():
    assert Wait(SLOW, language="de").until(2.0)[1] == (0.6, words("Einen Moment."))
    assert Wait(SLOW, language="xx").until(2.0) == [(0.0, SIGN), (0.6, THINKING)]


def test_nothing_begins_while_somebody_speaks_and_soon_after():
    wait = Wait(SLOW)
    assert wait.until(1.0, someone_speaks=True) == []
    assert wait.until(2.0) == [(1.4, words("One moment."))]


@pytest.mark.parametrize(
    ("after", "heard"), [(0.1, Kind.SIGN), (1.0, Kind.WORDS), (2.0, Kind.THINKING)]
)
def test_whatever_is_heard_falls_silent_when_somebody_speaks(after: float, heard: Kind):
    wait = Wait(SLOW)
    wait.until(after)
    assert wait.waiting.heard is heard
    assert wait.until(after + 0.5, someone_speaks=True)[-1] == (after, SILENCE)
    assert wait.waiting.heard is Kind.SILENCE


def test_the_thinking_sound_comes_back_after_somebody_spoke_and_words_do_not():
    wait = Wait(SLOW)
    wait.until(1.0)
    wait.until(2.0, someone_speaks=True)
    assert wait.until(4.0)[-2:] == [(1.0, SILENCE), (2.4, THINKING)]


def test_nothing_begins_once_the_first_words_of_the_answer_are_there():
    wait = Wait(SLOW)
    wait.waiting.receive_words()
    assert wait.until(9.0) == []


def test_what_is_heard_then_goes_on_but_not_over_a_person():
    wait = Wait(SLOW)
    wait.until(2.0)
    wait.waiting.receive_words()
    assert wait.until(3.0)[-1] == (1.4, THINKING)
    assert wait.until(3.5, someone_speaks=True)[-1] == (3.0, SILENCE)
    assert wait.until(9.0)[-1] == (3.0, SILENCE)


def test_each_can_be_switched_off():
    assert Wait(SLOW, earcons=False).until(3.0) == [(0.6, words("One moment.")), (1.4, THINKING)]
    assert Wait(SLOW, words=False).until(9.0) == [(0.0, SIGN), (0.6, THINKING)]
    assert Wait(SLOW, earcons=False, words=False, thinking=False).until(60.0) == []


def test_a_telephone_waits_less_before_it_speaks():
    phone = {"words_wait": 1.2, "thinking_wait": 0.8, "unknown_wait": 2.0}
    assert Wait([3.0] * 10, **phone).until(2.0)[1] == (0.6, words("One moment."))
    assert Wait([], **phone).until(2.5)[1] == (2.0, words("One moment."))
