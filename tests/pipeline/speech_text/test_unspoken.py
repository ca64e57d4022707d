from __future__ import annotations

import pytest

from pipeline.speech_text.unspoken import UnspokenText


def let_through(text: str) -> str:
    unspoken = UnspokenText()
    return "".join(map(unspoken.push, text)) + unspoken.flush()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>hm</think>Yes.", "Yes."),
        ("<THINKING>\nhm\n</thinking>\nYes.", "\nYes."),
        ('<think reason="x">hm</think>Yes.', "Yes."),
        ("[THINK]hm[/THINK]Yes.", "Yes."),
        ("◁think▷hm◁/think▷Yes.", "Yes."),
        ("no opening</think> Yes.", "no opening Yes."),
        ("Yes. <think>never closed", "Yes. "),
        ("<function_calls><invoke name='x'></invoke></function_calls>Done", "Done"),
        ("Yes.<|im_end|>", "Yes."),
        ("A\nMEDIA:/tmp/a.png\nB", "A\n\nB"),
        ("A\nMEDIA:/tmp/a.png", "A\n"),
        ("The MEDIA: button", "The MEDIA: button"),
        ("Bye [[end_call]]", "Bye "),
        ("Bye [[transfer:+1555", "Bye "),
        ("Bye [[transfer:+1555\nmore", "Bye \nmore"),
        ("a\ue001b\0c\ud800", "abc"),
        ("Cold \ue200cite\ue202turn0\ue201 and \ue200open\nwet", "Cold  and \nwet"),
        ("NO_REPLY", ""),
        ("Done.\nHEARTBEAT_OK \nBye", "Done.\n\nBye"),
        ("NO_REPLY is a word", "NO_REPLY is a word"),
    ],
)
def test_what_nobody_shall_hear_is_taken_out(text: str, left: str) -> None:
    assert let_through(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Use `<think>` tags and `[[end_call]]` here.",
        "``a ` <think>``",
        "```xml\n<think>\n[[end_call]]\n```\n",
        "~~~\n<think>\n~~~\n",
        "a < b, x <y> z, <b>bold</b>",
        "[[Page]] [[1, 2]] [a](b) [",
        "<thin",
        '{"status": "ok"}\nText',
        "An `open tick and [text",
    ],
)
def test_code_and_other_text_stays(text: str) -> None:
    assert let_through(text) == text


def test_code_that_has_ended_hides_nothing_any_more() -> None:
    assert let_through("`a` b <think>c</think>d") == "`a` b d"
    assert let_through("```\na\n```\n<think>c</think>d") == "```\na\n```\nd"
    assert let_through("An `open tick.\n\n<think>c</think>d") == "An `open tick.\n\nd"


def test_only_the_first_line_is_about_the_voice() -> None:
    unspoken = UnspokenText()
    text = '\n{"voice": "x"}\n{"voice": "y"}\n'
    assert "".join(map(unspoken.push, text)).strip() == '{"voice": "y"}'
    assert unspoken.voice is not None
    assert unspoken.voice.voice == "x"


def test_a_voice_line_alone_is_a_reply_without_words() -> None:
    assert let_through('{"voice": "x"}') == ""
