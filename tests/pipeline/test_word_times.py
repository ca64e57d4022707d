from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.word_times import USUAL_PACE, WordStart, WordTimes, letters

WEATHER = "The weather in Oslo is fine today, but take an umbrella with you, just in case."
WEATHER_WORDS = (
    *(0.0, 0.139, 0.424, 0.482, 0.813, 0.956, 1.268, 1.869, 2.082, 2.378, 2.433, 2.869, 3.046),
    *(3.338, 3.589, 3.717),
)
"""When espeak begins each word, by its own events."""


def at_pace(pace: float) -> WordTimes:
    times = WordTimes()
    times.begin(0, 0.0, pace)
    return times


def said(text: str, seconds: float, times: WordTimes) -> str:
    return text[: times.said(text, seconds)].rstrip()


def offsets(text: str) -> list[int]:
    return [0, *(place + 1 for place, sign in enumerate(text) if sign == " ")]


@pytest.mark.parametrize(("pace", "words_off"), [(USUAL_PACE, 2), (4.1 / 87, 1)])
def test_the_pace_tells_about_where_espeak_was(pace: float, words_off: int) -> None:
    ends = [*WEATHER_WORDS[1:], 4.1]
    for number, (start, end) in enumerate(zip(WEATHER_WORDS, ends, strict=True)):
        words = said(WEATHER, (start + end) / 2, at_pace(pace)).split()
        assert words == WEATHER.split()[: len(words)]
        assert abs(len(words) - number) <= words_off


def test_words_that_a_voice_tells_are_known_exactly() -> None:
    times = at_pace(USUAL_PACE)
    for offset, seconds in zip(offsets(WEATHER), WEATHER_WORDS, strict=True):
        times.add(WordStart(offset, seconds))
    words = WEATHER.split()
    for number, start in enumerate(WEATHER_WORDS):
        assert said(WEATHER, start + 0.001, times) == " ".join(words[:number])
    times.end(4.1)
    assert said(WEATHER, 3.717 + 0.25, times) == WEATHER


def test_a_word_is_said_once_half_of_it_was() -> None:
    # "abcd" and the border after it take 5 letters, and 5 more for the pause.
    text = "abcd, efgh ijkl."
    times = at_pace(0.1)
    assert said(text, 0.24, times) == ""
    assert said(text, 0.26, times) == "abcd,"
    assert said(text, 1.24, times) == "abcd,"
    assert said(text, 1.26, times) == "abcd, efgh"
    assert said(text, 1.76, times) == text


def test_nothing_heard_is_nothing_said_and_much_is_all() -> None:
    assert said(WEATHER, 0.0, WordTimes()) == ""
    assert said(WEATHER, 60.0, WordTimes()) == WEATHER
    assert said("", 0.0, WordTimes()) == ""


def test_marks_alone_are_no_words() -> None:
    assert said("— Well … —", 0.0, WordTimes()) == ""
    assert said("— Well … —", 0.4, WordTimes()) == "— Well … —"


def test_a_script_without_spaces_is_cut_between_characters() -> None:
    text = "今日は晴れです。明日は雨です。"
    assert said(text, 4.6 * 0.2, at_pace(0.2 / 3)) == "今日は晴れ"
    assert letters(text) == pytest.approx(13 * 3 + 5)


def test_once_the_end_is_known_the_words_fill_the_time() -> None:
    times = WordTimes()
    times.end(20.0)
    times.end(1.0)
    assert said("abcd efgh ijkl mnop", 9.0, times) == "abcd efgh"


def test_a_number_that_is_read_as_many_words_is_one() -> None:
    times = WordTimes()
    for offset, seconds in ((4, 0.3), (5, 1.1), (5, 1.4), (9, 1.7)):
        times.add(WordStart(offset, seconds))
    assert said("The 1984 cost", 0.9, times) == "The"
    assert said("The 1984 cost", 1.1, times) == "The 1984"
    assert said("The 1984 cost", 1.75, times) == "The 1984"


def test_a_voice_that_tells_its_words_has_not_begun_the_next() -> None:
    times = WordTimes()
    times.add(WordStart(0, 0.0))
    assert said("1984 was it", 1.3, times) == "1984"
    times.add(WordStart(5, 1.3))
    assert said("1984 was it", 9.0, times) == "1984 was"
    times.end(9.0)
    assert said("1984 was it", 9.0, times) == "1984 was it"


def test_a_script_without_spaces_is_told_clause_by_clause() -> None:
    times = WordTimes()
    times.add(WordStart(0, 0.0))
    assert said("今日は晴れです。", 0.45, times) == "今日は"


def test_another_voice_goes_on_from_a_word_that_the_first_had_begun() -> None:
    text = "one two three four"
    times = WordTimes()
    times.add(WordStart(4, 0.5))
    times.add(WordStart(8, 1.0))
    assert said(text, 1.05, times) == "one two"
    times.begin(8, 1.05, 0.1)
    assert said(text, 1.25, times) == "one two"
    times.add(WordStart(6, 0.9))
    times.end(2.4)
    assert said(text, 1.6, times) == "one two three"
    assert said(text, 2.0, times) == "one two three"
    assert said(text, 2.3, times) == text


def test_what_makes_no_sense_is_not_believed() -> None:
    times = WordTimes()
    for offset, seconds in ((4, 1.0), (8, 0.5), (8, math.nan), (-3, 2.0), (999, 2.0)):
        times.add(WordStart(offset, seconds))
    assert said("one two three", 1.3, times) == "one two"
    times.end(3.0)
    assert said("one two three", 99.0, times) == "one two three"


words = st.builds(WordStart, st.integers(0, 60), st.floats(0.0, 20.0))


@given(st.text(max_size=60), st.lists(words, max_size=9), st.floats(0.0, 20.0) | st.none())
def test_more_sound_never_says_less(text: str, told: list[WordStart], end: float | None) -> None:
    times = WordTimes()
    for word in told:
        times.add(word)
    if end is not None:
        times.end(end)
    heard = [times.said(text, seconds) for seconds in range(25)]
    assert heard == sorted(heard)
    assert all(0 <= place <= len(text) for place in heard)
