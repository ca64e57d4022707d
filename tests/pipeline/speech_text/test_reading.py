from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.speech_text.voices import reader_for


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "1,000,000.25", "One million point two five"),
        (
            "en",
            "$2.05, $0.50 and -$3",
            "Two dollars and five cents, fifty cents and minus three dollars",
        ),
        ("en", "rent of $1,500/month", "rent of one thousand five hundred dollars per month"),
        ("en", "at 00:00, 12:30 and 9:05 pm", "at midnight, twelve thirty and nine oh five PM"),
        (
            "en",
            "on 3/4/2026 or 25/12/2026",
            "on March fourth, twenty twenty-six or December twenty-fifth, twenty twenty-six",
        ),
        (
            "en",
            "in 1900, (1905) and 2000",
            "in nineteen hundred, (nineteen oh five) and two thousand",
        ),
        ("en", "2½ and 3/8", "Two and a half and three eighths"),
        (
            "en",
            "10k users, 100MB\u20132GB",
            "Ten thousand users, one hundred megabytes to two gigabytes",
        ),
        ("en", "GPT-4, B2B, MP3 and 4K", "GPT-four, B2B, MP3 and 4K"),
        ("en", "x = -5", "x equals minus five"),
        (
            "en",
            "1234567890123456",
            "One two three four five six seven eight nine zero one two three four five six",
        ),
        ("de", "am 1.1.2000 um 0:05 Uhr", "am ersten Januar zweitausend um null Uhr fünf"),
        ("de", "1 € und 1,01 €", "Ein Euro und ein Euro eins"),
        ("de", "des 20. Jahrhunderts", "des zwanzigsten Jahrhunderts"),
        ("de", "1 Mio. Leute, 2 Mio. Autos", "Eine Million Leute, zwei Millionen Autos"),
        ("de", "ein 3. Mal", "ein drittes Mal"),
        ("no", "2 000 000 kr", "To millioner kroner"),
        ("no", "kr 99,90 og 1 t", "nittini kroner og nitti øre og én time"),
        ("no", "1. mai 1905", "Første mai nitten hundre og fem"),
        ("ja", "1,234円と0.5%", "1234円と0.5パーセント"),
        ("ja", "3/4", "4分の3"),
        ("fr", "14:30 et 5 €", "14:30 et 5 €"),
    ],
)
def test_numbers_are_read_in_the_language(language: str, text: str, words: str) -> None:
    assert reader_for(language).read(text) == words


def test_a_part_of_a_sentence_does_not_begin_with_a_capital() -> None:
    assert reader_for("en").read_part("5 km") == "five kilometres"


@pytest.mark.parametrize("text", ["99/99/2026", "2026-13-45", "31.31.2026", "1:2:3", "25:99"])
@pytest.mark.parametrize("language", ["en", "de", "no", "ja"])
def test_what_looks_like_a_date_or_time_and_is_none_is_read_all_the_same(
    language: str, text: str
) -> None:
    words = reader_for(language).read(text)
    assert words
    assert language == "ja" or not any(character.isdecimal() for character in words)


PIECES = st.sampled_from(
    [
        *("0", "1", "7", "12", "31", "99", "1905", "2026", "00", "1000000", "12345678901234567"),
        *(
            ".",
            ",",
            ":",
            "/",
            "-",
            " - ",
            "\u2013",
            " ",
            " ",
            "(",
            ")",
            "%",
            "$",
            "\u20ac",
            "kr",
            "\u00a5",
        ),
        *(
            " km",
            "GB",
            " \u00b0C",
            " Uhr",
            "th",
            "s",
            "k",
            "x",
            "\u00bd",
            "+",
            "=",
            "#",
            "v",
            "T",
            "Z",
        ),
        *(
            " March ",
            " M\u00e4rz ",
            " mars ",
            "\u6708",
            "\u5e74",
            " am ",
            "in ",
            "PM",
            "million",
            "kl. ",
        ),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=14), st.sampled_from(["en", "de", "no", "ja"]))
def test_any_heap_of_numbers_can_be_read(pieces: list[str], language: str) -> None:
    reader_for(language).read("".join(pieces))
