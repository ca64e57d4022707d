from __future__ import annotations

import numpy as np
import pytest

from pipeline.audio import SPEECH_RATE
from pipeline.tts_progress import USUAL_PACE, Paces, Progress, rest_of
from tests.peers.speech_server import tone

WEATHER = "The weather in Oslo is fine today, but take an umbrella with you, just in case."
WEATHER_WORDS = (
    *(0.0, 0.139, 0.424, 0.482, 0.813, 0.956, 1.268, 1.869, 2.082, 2.378, 2.433, 2.869, 3.046),
    *(3.338, 3.589, 3.717),
)
"""When espeak begins each word, by its own events."""

VOICE = (0, "sage")


def cut(seconds: float) -> Progress:
    return Progress(seconds, seconds)


@pytest.mark.parametrize(("pace", "words_off"), [(USUAL_PACE, 2), (4.1 / 87, 1)])
def test_the_rest_begins_about_where_espeak_was(pace: float, words_off: int) -> None:
    words = WEATHER.split()
    ends = [*WEATHER_WORDS[1:], 4.1]
    for number, (start, end) in enumerate(zip(WEATHER_WORDS, ends, strict=True)):
        left = rest_of(WEATHER, cut((start + end) / 2), pace).split()
        assert left == words[len(words) - len(left) :]
        assert abs(len(words) - len(left) - number) <= words_off


def test_a_word_is_said_once_half_of_it_was() -> None:
    # "abcd" and the border after it take 5 letters, and 5 more for the pause.
    assert rest_of("abcd, efgh ijkl.", cut(0.49), 0.1) == "abcd, efgh ijkl."
    assert rest_of("abcd, efgh ijkl.", cut(0.51), 0.1) == "efgh ijkl."
    assert rest_of("abcd, efgh ijkl.", cut(1.24), 0.1) == "efgh ijkl."
    assert rest_of("abcd, efgh ijkl.", cut(1.26), 0.1) == "ijkl."
    assert rest_of("abcd, efgh ijkl.", cut(1.76), 0.1) == ""


def test_nothing_heard_leaves_everything_and_much_leaves_nothing() -> None:
    assert rest_of(WEATHER, cut(0.0), USUAL_PACE) == WEATHER
    assert rest_of(WEATHER, cut(60.0), USUAL_PACE) == ""
    assert rest_of("", cut(0.0), USUAL_PACE) == ""


def test_marks_alone_are_no_rest() -> None:
    assert rest_of("Well … —", cut(0.4), USUAL_PACE) == ""


def test_a_script_without_spaces_is_cut_between_characters() -> None:
    text = "今日は晴れです。明日は雨です。"
    assert rest_of(text, cut(4.4 * 0.2), 0.2 / 3) == "れです。明日は雨です。"
    assert rest_of(text, cut(0.0), 0.2 / 3) == text


def test_silence_at_the_end_belongs_to_no_word() -> None:
    progress = Progress()
    progress.add(tone(0.5, SPEECH_RATE))
    progress.add(np.zeros(SPEECH_RATE, np.int16))
    assert progress.seconds == 1.5
    assert progress.spoken == pytest.approx(0.5, abs=0.01)
    progress.add(tone(0.5, SPEECH_RATE))
    assert progress.spoken == pytest.approx(2.0, abs=0.01)


def test_a_voice_that_is_not_known_has_the_usual_pace() -> None:
    paces = Paces()
    paces.learn(VOICE, "...", 1.0)
    paces.learn(VOICE, "Nothing came.", 0.0)
    assert paces.of(VOICE) == USUAL_PACE


def test_the_pace_of_a_voice_is_learnt_and_follows_it() -> None:
    paces = Paces()
    paces.learn(VOICE, "abcd efgh", 1.0)
    assert paces.of(VOICE) == pytest.approx(0.1)
    assert paces.of((1, "sage")) == USUAL_PACE
    for _ in range(300):
        paces.learn(VOICE, "abcd efgh", 0.5)
    assert paces.of(VOICE) == pytest.approx(0.05, rel=0.01)


def test_the_voices_remembered_are_few() -> None:
    paces = Paces()
    for number in range(100):
        paces.learn((0, str(number)), "abcd efgh", 1.0)
    assert paces.of((0, "0")) == USUAL_PACE
    assert paces.of((0, "99")) == pytest.approx(0.1)
