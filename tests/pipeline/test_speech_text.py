from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.speech_text import LONGEST_PIECE, SpeakableText


def speak(*deltas: str, longest: int = LONGEST_PIECE) -> list[str]:
    text = SpeakableText(longest)
    pieces = [piece for delta in deltas for piece in text.push(delta)]
    return pieces + text.flush()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("It is ten past four. Anything else?", ["It is ten past four.", "Anything else?"]),
        ("I met Dr. Smith at 3.5 miles.", ["I met Dr. Smith at 3.5 miles."]),
        ("What?! No way… Really.", ["What?!", "No way…", "Really."]),
        ("你好。今天天气很好。走吧", ["你好。", "今天天气很好。", "走吧"]),
        ("no full stop", ["no full stop"]),
        ("A line\nbroken by hand.", ["A line broken by hand."]),
        ("One paragraph\n\nAnother", ["One paragraph", "Another"]),
        ("One\r\n\r\nTwo\r\n", ["One", "Two"]),
        ("", []),
        (" \n\n ... !\n", []),
    ],
)
def test_text_is_cut_into_sentences(text: str, pieces: list[str]) -> None:
    assert speak(text) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("This is **very** *important*.", ["This is very important."]),
        ("**Hello there. How are you?** Well.", ["Hello there.", "How are you?", "Well."]),
        ("~~old~~ new ***both*** __bold__ _soft_", ["old new both bold soft"]),
        ("# A title\nText.", ["A title", "Text."]),
        ("## 42\n> # Both\nText", ["42", "Both", "Text"]),
        ("Title\n=====\nText", ["Title", "Text"]),
        ("Two:\n- one\n* two\n  + three", ["Two:", "one", "two", "three"]),
        ("1. Open it\n2) Close it", ["1: Open it", "2: Close it"]),
        ("- [ ] to do\n- [x] done", ["to do", "done"]),
        ("> a quote\n> > nested", ["a quote", "nested"]),
        ("One\n\n---\n\n* * *\nTwo", ["One", "Two"]),
        ("Use `ls -l *.py` now.", ["Use ls -l *.py now."]),
        ("See [the manual](https://a.b/c?d=e) first.", ["See the manual first."]),
        ("A [link. With dots](http://a.b 'c d') here.", ["A link.", "With dots here."]),
        ("A ![chart](a.png) here.", ["A chart here."]),
        ("Look at https://a.b/c_d*e?f=g. Then go.", ["Look at.", "Then go."]),
        ("<https://a.b> or (www.c.d/e) ok", ["or () ok"]),
        ("Salt &amp; H<sub>2</sub>O<br>new", ["Salt & H2O new"]),
        ("Done! 🎉 Great 👨‍👩‍👧 news <:smile:123> 1️⃣ ❤️", ["Done!", "Great news 1"]),
        ("```python\nprint('x')\n```\nAfter.", ["After."]),
        ("Before:\n~~~\n```\ncode\n~~~\nAfter.", ["Before:", "After."]),
        ("```\nnever closed", []),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\nAfter.", ["After."]),
        ("Yes | no", ["Yes, no"]),
    ],
)
def test_markup_is_not_voiced(text: str, pieces: list[str]) -> None:
    assert speak(text) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Never **closed. Next one.", ["Never closed.", "Next one."]),
        ("An [open bracket. And on.", ["An [open bracket.", "And on."]),
        ("A `tick. And on.", ["A tick.", "And on."]),
        ("closed** only_ here", ["closed only here"]),
    ],
)
def test_markup_that_never_ends_is_not_voiced_and_loses_no_words(
    text: str, pieces: list[str]
) -> None:
    assert speak(text) == pieces


@pytest.mark.parametrize(
    "text", ["2 * 3 = 6", "snake_case stays", "a < b and c > d", "-5 degrees", "~5 minutes", "C# 9"]
)
def test_signs_that_are_no_markup_stay(text: str) -> None:
    assert speak(text) == [text]


def test_a_sentence_comes_out_as_soon_as_the_next_one_begins() -> None:
    text = SpeakableText()
    assert text.push("It is four.") == []
    assert text.push(" Anything ") == ["It is four."]
    assert text.push("else?\n\n") == ["Anything else?"]


def test_a_list_item_comes_out_when_the_next_one_begins() -> None:
    text = SpeakableText()
    assert text.push("Two things:\n- bread\n- m") == ["Two things:", "bread"]


def test_one_object_takes_one_text_after_another() -> None:
    text = SpeakableText()
    assert text.push("```\ncode") + text.flush() == []
    assert text.push("Words.") + text.flush() == ["Words."]


def test_a_sentence_too_long_is_cut_at_a_clause() -> None:
    sentence = "when the rain comes we go home, " * 12 + "or not"
    pieces = speak(sentence)
    assert all(len(piece) <= LONGEST_PIECE for piece in pieces)
    assert all(piece.endswith("home,") for piece in pieces[:-1])
    assert " ".join(pieces) == sentence


def test_a_sentence_without_clauses_is_cut_at_a_space_and_streams() -> None:
    text = SpeakableText(longest=50)
    early = text.push("word " * 100)
    assert len(early) >= 9
    assert " ".join(early + text.flush()) == " ".join(["word"] * 100)


@pytest.mark.parametrize("text", ["x" * 5000, "语" * 5000, "[" + "x " * 3000, "`" + "x " * 3000])
def test_nothing_of_a_text_without_ends_is_lost(text: str) -> None:
    pieces = speak(text)
    assert all(len(piece) <= LONGEST_PIECE for piece in pieces)
    assert re.findall(r"\w", "".join(pieces)) == re.findall(r"\w", text)


MARKED = st.lists(
    st.sampled_from(
        [
            *("Hello", "Dr.", "3.5", "x", "你好", "。", "Yes.", "What?", "🎉", "e.g.", "The"),
            *(
                "**",
                "*",
                "_",
                "~~",
                "`",
                "```",
                "[",
                "](",
                ")",
                "<b>",
                "</b>",
                "<",
                "https://a.b/c.",
            ),
            *(
                "- ",
                "1. ",
                "# ",
                "> ",
                "| ",
                "|",
                "---",
                "~~~",
                "\n",
                "\n\n",
                " ",
                "  ",
                "\t",
                "\r\n",
            ),
            *("&amp;", "\\*", ",", ";", "\ufe0f", "\u20e3", "…", "!"),
        ]
    ),
    max_size=40,
).map("".join)


@given(st.one_of(MARKED, st.text(max_size=80)), st.data())
def test_pieces_do_not_depend_on_how_the_text_arrives(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=5)))
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = speak(text, longest=40)
    assert speak(*text, longest=40) == whole
    assert speak(*parts, longest=40) == whole
    assert all(piece.strip() == piece and 0 < len(piece) <= 40 for piece in whole)


WORDS = st.lists(st.from_regex(r"[a-z]{1,9}[,.!?]?", fullmatch=True), max_size=60)


@given(WORDS)
def test_plain_words_are_neither_lost_nor_repeated(words: list[str]) -> None:
    assert " ".join(speak(" ".join(words))).split() == words
