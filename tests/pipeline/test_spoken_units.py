from __future__ import annotations

import pytest

from pipeline.spoken_units import count_words, split_clauses, split_units, strip_annotations


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", ()),
        ("...", ()),
        ("Hey, Jarvis!", ("hey", "jarvis")),
        ("Don\u2019t stop", ("dont", "stop")),
        ("uh-huh", ("uh", "huh")),
        ("Arre\u0302te-toi", ("arrete", "toi")),
        ("İPTAL", ("iptal",)),
        ("Straße", ("strasse",)),
        ("ёлка", ("елка",)),
        ("ストーップ\uff01", ("す", "と", "っ", "ぷ")),
        ("がぎ", ("が", "ぎ")),
        ("ァヶ", ("ぁ", "ゖ")),
        ("别说了", ("别", "说", "了")),
        ("잠깐 OK만", ("잠", "깐", "ok", "만")),
        ("ज़रा अच्छा", ("जरा", "अच्छा")),
        ("إلغاءٌ كفـى", ("الغاء", "كفي")),
        ("\uff53\uff54\uff4f\uff50 12", ("stop", "12")),
    ],
)
def test_a_text_comes_apart_in_every_script(text: str, units: tuple[str, ...]) -> None:
    assert split_units(text) == units


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        ("yeaaah", ("yeah",)),
        ("mmmmh hmm", ("mh", "hm")),
        ("stoppp", ("stop",)),
        ("haha", ("haha",)),
        ("うんん", ("う", "ん")),
        ("ㅋㅋㅋ", ("\u110f",)),
    ],
)
def test_what_is_drawn_out_is_squeezed(text: str, squeezed: tuple[str, ...]) -> None:
    assert split_units(text, squeezed=True) == squeezed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("[laughter]", ""),
        ("(laughs) oh  (sighs) well", "oh well"),
        ("*coughs* yes", "yes"),
        ("\u266a la la \u266a hello", "hello"),
        ("[BLANK_AUDIO", ""),
        ("\uff08笑\uff09そう", "そう"),
        ("【音楽】", ""),
        ("call (555) 1234", "call (555) 1234"),
        ("5 * 3 is 15", "5 * 3 is 15"),
    ],
)
def test_what_recognisers_write_of_sounds_is_left_out(text: str, words: str) -> None:
    assert strip_annotations(text) == words


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", []),
        ("...", []),
        ("O.K. go", ["O.K", "go"]),
        (
            "one, two. three! four? five; six: seven",
            ["one", "two", "three", "four", "five", "six", "seven"],
        ),
        ("half-way - there", ["half-way", "there"]),
        ("wait\u2014what\u2026no", ["wait", "what", "no"]),
        ("はい。いいえ、まあ", ["はい", "いいえ", "まあ"]),
    ],
)
def test_punctuation_parts_clauses(text: str, clauses: list[str]) -> None:
    assert [clause.strip() for clause in split_clauses(text)] == clauses


def test_two_characters_of_a_script_without_spaces_are_a_word() -> None:
    assert count_words(split_units("stop it")) == 2
    assert count_words(split_units("止めて")) == 1.5
    assert count_words(()) == 0
