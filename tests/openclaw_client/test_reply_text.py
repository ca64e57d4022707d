"""Every word of a reply comes out once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_client.reply_text import LONGEST_REPLY, ReplyText


def spoken(*wholes: str) -> list[str]:
    text = ReplyText()
    return [text.become(whole) for whole in wholes]


def test_only_what_is_new_comes_out():
    assert spoken("It is", "It is ten", "It is ten past.") == ["It is", " ten", " past."]


@pytest.mark.parametrize(
    "again", ["It is ten", "It is", "", "It is ten "[:3]], ids=["same", "older", "empty", "part"]
)
def test_a_repeated_or_older_text_is_nothing_new(again: str):
    assert spoken("It is ten", again) == ["It is ten", ""]


def test_a_text_that_begins_again_is_not_repeated():
    text = ReplyText()
    given_out = [text.become(whole) for whole in ("one", "one two three")]
    text.restart()
    given_out += [text.become(whole) for whole in ("", "one", "one two", "one two three four")]
    assert given_out == ["one", " two three", "", "", "", " four"]


def test_a_text_that_turns_away_goes_on_at_the_word_that_differs():
    assert spoken("It is ten past", "It is tender") == ["It is ten past", " tender"]


@pytest.mark.parametrize(
    ("wholes", "out"),
    [
        (("Let me look. ", "Let me look.\n\nIt is ten."), ["Let me look. ", "\n\nIt is ten."]),
        (("a b c", "a\n b  c d"), ["a b c", " d"]),
        (("a b c d", "a\nb", "a\nb c d e"), ["a b c d", "", " e"]),
        (("a b c ", "a\nbx"), ["a b c ", "bx"]),
    ],
)
def test_other_spaces_are_no_difference(wholes: tuple[str, ...], out: list[str]):
    assert spoken(*wholes) == out


def test_a_whole_other_text_follows_with_a_space():
    assert spoken("Let me see", "Nothing found") == ["Let me see", " Nothing found"]


def test_parts_alone_are_joined():
    text = ReplyText()
    assert [text.extend(part) for part in ("It", " is", " ten")] == ["It", " is", " ten"]
    assert text.given == "It is ten"


def test_parts_of_a_text_that_begins_again_are_not_repeated():
    text = ReplyText()
    text.extend("one two")
    text.restart()
    assert [text.extend(part) for part in ("one", " two", " three")] == ["", "", " three"]


def test_a_final_text_without_the_last_space_is_nothing_new():
    assert spoken("w0 w1 ", "w0 w1") == ["w0 w1 ", ""]


def test_a_reply_without_end_is_cut_off():
    text = ReplyText()
    assert len(text.become("x" * (LONGEST_REPLY + 10))) == LONGEST_REPLY
    assert text.become("x" * (LONGEST_REPLY + 20)) == ""


@given(st.text(max_size=60), st.data())
def test_any_order_of_prefixes_gives_the_text_once(whole: str, data: st.DataObject):
    ends = data.draw(st.lists(st.integers(0, len(whole)), max_size=20))
    text = ReplyText()
    out = "".join(text.become(whole[:end]) for end in [*ends, len(whole)])
    assert out == whole
