from __future__ import annotations

import pytest

from pipeline.speech_text.voices import reader_for


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "Louis XIV", "Louis the fourteenth"),
        ("en", "World War II, Part IX", "World War two, Part nine"),
        ("en", "Elizabeth I of England", "Elizabeth the first of England"),
        ("en", "Henry I think", "Henry I think"),
        ("en", "Henry IIII, XIV, Part X3", "Henry IIII, XIV, Part X3"),
        ("de", "Ludwig XIV. starb", "Ludwig der vierzehnte starb"),
        ("no", "Olav V", "Olav den femte"),
        ("ja", "Louis XIV", "Louis XIV"),
    ],
)
def test_roman_numbers_are_read_behind_names(language: str, text: str, words: str) -> None:
    assert reader_for(language).read(text) == words
