from __future__ import annotations

import pytest

from pipeline.speech_text.sentences import LONGEST_PIECE, Sentences


def cut(text: str, longest: int = LONGEST_PIECE) -> list[str]:
    sentences = Sentences(longest)
    pieces = [piece for character in text for piece in sentences.push(character)]
    return pieces + list(sentences.flush())


@pytest.mark.parametrize(
    "sentences",
    [
        ["It is four.", "Anything else?"],
        ["I met Dr. Smith at 3.5 miles.", "He ran."],
        ["What?!", "No way…", "Really."],
        ["But... maybe not."],
        ["He said “Yes.”", "Then he left.", "(He did.)", "Fine."],
        ["See No. 5 there.", "I said no.", "He too."],
        ["Take e.g. this, i.e. that.", "Good."],
        ["J. R. R. Tolkien wrote it.", "So do I.", "You?"],
        ["Am 14. März geht es los.", "Gut."],
        ["Der 3. Platz ist frei.", "Nimm ihn."],
        ["Die Antwort ist 42.", "Mehr nicht."],
        ["Møtet er 17. mai kl. 14.", "Kom da."],
        ["It is done.", "3 files changed."],
        ["Yahoo! is a name."],
        ["The U.S. President met us at 9 a.m.", "Then he left."],
        ["Neu (2. Versuch) vom 7.\u20139. Juni.", "Gut."],
        ["Frakt er ca. kr. 50 per stk. Oslo lør. 10\u201316.", "Greit."],
        ["no full stop"],
    ],
)
def test_text_is_cut_into_its_sentences(sentences: list[str]) -> None:
    assert cut(" ".join(sentences)) == sentences


def test_wide_stops_end_sentences_without_a_space() -> None:
    assert cut("你好。今天天气很好\uff01走吧") == ["你好。", "今天天气很好\uff01", "走吧"]
    assert cut("「はい。」と言った。") == ["「はい。」", "と言った。"]


def test_the_first_clause_is_a_piece_and_later_ones_are_not() -> None:
    text = "When the rain has stopped, we go home, and then we eat. After that, we sleep."
    assert cut(text) == [
        "When the rain has stopped,",
        "we go home, and then we eat.",
        "After that, we sleep.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Well, that was it.",
        "It happened on the evening of May 3, 1998 in Oslo.",
        "This one (which is long, and nested) stays.",
    ],
)
def test_the_first_sentence_is_not_cut_where_it_would_sound_chopped(text: str) -> None:
    assert cut(text) == [text]


def test_a_sentence_too_long_is_cut_at_a_clause() -> None:
    sentence = "when the rain comes we go home, " * 12 + "or not"
    pieces = cut(sentence)
    assert all(len(piece) <= LONGEST_PIECE for piece in pieces)
    assert all(piece.endswith("home,") for piece in pieces[:-1])
    assert " ".join(pieces) == sentence


def test_a_sentence_without_clauses_is_cut_at_a_space() -> None:
    pieces = cut("word " * 100, longest=50)
    assert len(pieces) >= 9
    assert " ".join(pieces) == " ".join(["word"] * 100)


def test_the_next_letter_is_enough_to_end_a_sentence() -> None:
    sentences = Sentences()
    assert not list(sentences.push("It is four."))
    assert list(sentences.push("", ahead=" A")) == ["It is four."]


def test_what_was_dropped_is_not_spoken() -> None:
    sentences = Sentences()
    list(sentences.push("half a sent"))
    sentences.drop()
    assert not list(sentences.flush())
