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
        (
            "en",
            "or 1/2 kg, 3/4 mi, 1 1/2 h",
            "or half a kilogram, three quarters of a mile, one and a half hours",
        ),
        ("en", "5/6, 12 min and min. 3", "Five out of six, twelve minutes and minimum three"),
        (
            "en",
            "the '80s, 80s and the 1920s",
            "the eighties, eighty seconds and the nineteen twenties",
        ),
        (
            "en",
            "May 3-5 and 3\u20135 May 2026",
            "May third to fifth and the third to the fifth of May, twenty twenty-six",
        ),
        ("en", "2.0.0-beta.2, v3rc1", "Two point zero point zero beta two, version three rc one"),
        (
            "en",
            "\u20b91,000 or 1.5k or 4K",
            "One thousand rupees or one thousand five hundred or 4K",
        ),
        (
            "en",
            "x \u2248 3, \u2248 5 and \u00b12",
            "x is about three, about five and plus or minus two",
        ),
        ("en", "CO\u2082, 10\u2076 and word\u00b9", "CO2, ten to the power of six and word"),
        ("de", "1 Woche, 1 Ei, 1 Datei, Platz 1", "Eine Woche, ein Ei, eine Datei, Platz eins"),
        (
            "de",
            "1/2 h, 1/2 kg, 3/4 l",
            "Eine halbe Stunde, ein halbes Kilogramm, drei viertel Liter",
        ),
        ("de", "vom 1.\u20133. Mai, 2:1", "vom ersten bis dritten Mai, zwei zu eins"),
        ("no", "1/2 time, 1/2 l, 3/4 kg", "En halv time, en halv liter, tre fjerdedels kilo"),
        (
            "no",
            "kl. 0915 og kl. 9.15\u201310.30",
            "klokka ni femten og klokka ni femten til ti tretti",
        ),
        ("ja", "8/10, \u2265 5\u500b", "10\u5206\u306e8, 5\u500b\u4ee5\u4e0a"),
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
        *(".", ",", ":", "/", "-", "\u2013", "(", ")", "%", "$", "\u20ac", "kr", "\u00a5", "~"),
        *("|", "+", "=", "#", "\u00b1", "\u2265", "\u2460", "\u00b2", "\u2076", "\u00bd", "GB"),
        *(
            "th",
            "s",
            "k",
            "M",
            "x",
            "v",
            "T",
            "Z",
            "PM",
            "million",
            "rc",
            "XIV",
            "Mon",
            "Di",
            "man",
        ),
        *("\u6708", "\u5e74"),
        *(" ", " ", " - ", " km", " \u00b0C", " Uhr", " am ", "in ", "kl. ", "the ", "Louis "),
        *(" March ", " M\u00e4rz ", " mars ", "\ue00f", "\ue010", " d", " min"),
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=14), st.sampled_from(["en", "de", "no", "ja"]))
def test_any_heap_of_numbers_can_be_read(pieces: list[str], language: str) -> None:
    reader_for(language).read("".join(pieces))
