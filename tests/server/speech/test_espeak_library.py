# ruff: noqa: RUF001 - the phonetic alphabet

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from server.speech.engine import EngineError
from server.speech.espeak_library import Clause
from server.speech.espeak_thread import Espeak


@pytest.fixture(scope="module")
def espeak() -> Iterator[Espeak]:
    espeak = Espeak()
    yield espeak
    espeak.close()


def phonemes(espeak: Espeak, text: str, voice: str = "en-us") -> list[Clause]:
    return asyncio.run(espeak.phonemes(text, voice))


def test_a_text_becomes_its_sounds(espeak: Espeak) -> None:
    assert phonemes(espeak, "Hello, world! How are you?") == [
        Clause("həlˈoʊ", ","),
        Clause("wˈɜːld", "!"),
        Clause("hˈaʊ ɑːɹ juː", "?"),
    ]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("Yes", ["."]),
        ("Yes; no: perhaps.", [";", ":", "."]),
        ('He said "no!" Really.', ["!", "."]),
        ("はい。いいえ", [".", "."]),
        ("Wait…", ["."]),
        ("", []),
        (" \n ", []),
        ("\0", []),
    ],
)
def test_marks_are_kept(espeak: Espeak, text: str, marks: list[str]) -> None:
    voice = "ja" if text.startswith("は") else "en-us"
    found = [clause.mark for clause in phonemes(espeak, text, voice)]
    assert found[-len(marks) :] == marks if marks else not found


def test_languages_sound_different(espeak: Espeak) -> None:
    assert phonemes(espeak, "Guten Tag", "de") != phonemes(espeak, "Guten Tag", "en-us")


def test_an_unknown_voice_is_an_error(espeak: Espeak) -> None:
    with pytest.raises(EngineError, match="cannot load the voice nobody"):
        phonemes(espeak, "x", "nobody")


@pytest.mark.parametrize("text", ["\udcff", "😀" * 500, "x" * 3000, "a, " * 500])
def test_odd_texts_do_no_harm(espeak: Espeak, text: str) -> None:
    phonemes(espeak, text)
    assert phonemes(espeak, "Yes.")
