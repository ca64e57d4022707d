from __future__ import annotations

import pytest

from pipeline.speech_text.languages import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The train leaves at five, and it is on time.", "en"),
        ("Der Zug fährt um fünf, und er ist nicht zu spät.", "de"),
        ("Toget går klokka fem, og det er ikke forsinket.", "no"),
        ("電車は五時に出ます。", "ja"),
        ("火车五点出发。", "zh"),
        ("Le train part à cinq heures, et il est à l'heure.", "fr"),
        ("El tren sale a las cinco y no es tarde para la cena.", "es"),
        ("Поезд отправляется в пять.", "ru"),
        ("기차는 다섯 시에 출발합니다.", "ko"),
    ],
)
def test_a_sentence_shows_its_language(text: str, language: str) -> None:
    assert guess_language(text, "en") == language
    assert guess_language(text, language) == language


@pytest.mark.parametrize("text", ["", "42", "OK", "Tokyo", "São Paulo", "Der Spiegel"])
@pytest.mark.parametrize("likely", ["en", "de", "no", "ja"])
def test_a_few_words_do_not_change_the_language(text: str, likely: str) -> None:
    assert guess_language(text, likely) == likely
