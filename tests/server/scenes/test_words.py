from __future__ import annotations

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.scenes.words import word_error_rate, words

SENTENCES = st.lists(
    st.sampled_from(
        ["Jarvis,", "what's", "the", "time?", "forty-two", "ZÜRICH", "¿qué", "—", "no"]
    ),
    max_size=8,
).map(" ".join)


def test_words_are_lower_case_and_without_punctuation():
    assert words("Jarvis — what's the “forty-two”?") == ["jarvis", "whats", "the", "fortytwo"]


def test_every_kind_of_error_counts_per_true_word():
    pairs = [("what time is it", "what dime it is now"), ("stop", "stop")]
    # time/dime, and "is it"/"it is now" one insertion before and one word after: 3 of 5.
    assert word_error_rate(pairs) == pytest.approx(3 / 5)


def test_nothing_said_gives_no_rate():
    assert word_error_rate([]) is None
    assert word_error_rate([("", "ghost words")]) is None


def test_missing_words_are_errors():
    assert word_error_rate([("turn off the lights", "")]) == 1.0


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=5))
def test_equals_jiwer(pairs: list[tuple[str, str]]):
    normalize = jiwer.Compose(
        [
            jiwer.ToLowerCase(),
            jiwer.RemovePunctuation(),
            jiwer.RemoveMultipleSpaces(),
            jiwer.Strip(),
            jiwer.ReduceToListOfListOfWords(),
        ]
    )
    if not words(" ".join(said for said, _ in pairs)):
        assert word_error_rate(pairs) is None
        return
    expected = jiwer.wer(
        [said for said, _ in pairs],
        [heard for _, heard in pairs],
        reference_transform=normalize,
        hypothesis_transform=normalize,
    )
    assert word_error_rate(pairs) == pytest.approx(expected)
