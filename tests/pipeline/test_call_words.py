import pytest

from pipeline.call_words import ENGLISH, OTHERS
from pipeline.names import split_words


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_words_are_as_utterances_have_them(language: str) -> None:
    words = {"en": ENGLISH, **OTHERS}[language]
    listed = words.greetings | words.openers | words.others | words.closers
    assert all([word.text for word in split_words(text)] == [text] for text in listed), language
    assert words.greetings
    assert words.closers
