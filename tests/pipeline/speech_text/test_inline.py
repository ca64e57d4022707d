from __future__ import annotations

import pytest

from pipeline.speech_text.block_events import LeftOut
from pipeline.speech_text.inline import InlineText
from pipeline.speech_text.marks import (
    CHANNEL,
    CODE,
    DATA,
    FORMULA,
    LINK,
    NAME,
    NAME_END,
    NO,
    SPOILER,
    YES,
)


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("This is **very** *important*.", "This is very important."),
        ("~~old~~ new ***both*** __bold__ _soft_", " new both bold soft"),
        ("これは**重要**です", "これは重要です"),
        ("Never **closed. And ~~this", "Never closed. And this"),
        ("closed** only_ here", "closed only here"),
        ("See [the manual](https://a.b/c?d=e) first", "See the manual first"),
        ("A [link. With dots](http://a.b 'c d') here", "A link. With dots here"),
        ("[a][b] [c] [d](", "a c d]("),
        ("a ![chart](a.png) b", "a chart b"),
        ("Look at https://a.b/c_d*e?f=g. Go", f"Look at {LINK}. Go"),
        ("<https://a.b> (ftp://c.d/e)", f"{LINK} ({LINK})"),
        ("<ann@a.b> wrote", "ann@a.b wrote"),
        ("Salt &amp; H<sub>2</sub>O<br>new", "Salt & H2O new"),
        ("`ls -l` and `a = {1}`", f"{NAME}ls -l{NAME_END} and {CODE}"),
        ("`https://a.b`", LINK),
        ("costs $5 and $10", "costs $5 and $10"),
        ("$a + b$ and $\\frac{b}{\\sqrt{2}}$", f"a + b and {FORMULA}"),
        ("$\\alpha \\leq 90^\\circ$ of $\\frac{1}{2}$", "alpha \u2264 90\u00b0 of 1/2"),
        ("\\(x\\) \\* \\[y\\]", "x * y"),
        ("true [1], so [^a] and [2, 3]", "true , so  and "),
        ("hi <@1> in <#2> <:x:3>", f"hi  in {CHANNEL} "),
        ("type </voice speed:4>", f"type {NAME}/voice speed{NAME_END}"),
        ("he is ||the butler||, a || b", f"he is {SPOILER}, a || b"),
        ('it is {"a": {"b": 1}} or {x}', f"it is {DATA} or {{x}}"),
        ("[!NOTE]\nStop \u00af\\_(\u30c4)_/\u00af", "Note: Stop "),
        ("1\ufe0f\u20e3 Go", "\u2460 Go"),
        ("Done! 🎉 A 👨‍👩‍👧 <a:smile:123> ❤️", "Done! A "),
        ("✅ a ❌", f"{YES} a {NO}"),
        ("2 * 3 and 2*3, snake_case, ~5, a < b", "2 * 3 and 2*3, snake_case, ~5, a < b"),
        ("An [open bracket", "An open bracket"),
        ("A `tick", "A tick"),
        ("x <y z", "x <y z"),
    ],
)
def test_markup_is_taken_away(markdown: str, plain: str) -> None:
    assert InlineText().read(markdown) == plain


@pytest.mark.parametrize(
    ("markdown", "what"),
    [
        ("[a](http://b)", {LeftOut.LINK}),
        ("http://b", {LeftOut.LINK}),
        ("`a = {1}`", {LeftOut.CODE}),
        ("![a](b)", {LeftOut.PICTURE}),
        ("[a][b]", {LeftOut.LINK}),
        ("||a||", {LeftOut.SPOILER}),
        ("<t:1773500000:R>", {LeftOut.TIME}),
        ("\\(\\frac\\)", {LeftOut.FORMULA}),
        ("**a** `b` [1]", set()),
    ],
)
def test_what_was_not_put_into_words_is_known(markdown: str, what: set[LeftOut]) -> None:
    inline = InlineText()
    inline.read(markdown)
    assert inline.left_out == what


def test_words_come_out_one_by_one_and_a_link_as_one() -> None:
    inline = InlineText()
    out = [inline.push(character) for character in "one [two three](http://a.b) four "]
    assert [text for text in out if text] == ["one", " two three", " four"]


def test_the_next_letter_is_known_before_its_word() -> None:
    inline = InlineText()
    for character in "one t":
        inline.push(character)
    assert inline.ahead == " t"


@pytest.mark.parametrize("text", ["x" * 5000, "语" * 5000, "[" + "x " * 3000, "`" + "x " * 3000])
def test_nothing_of_a_text_without_ends_is_lost(text: str) -> None:
    assert sum(map(str.isalnum, InlineText().read(text))) == sum(map(str.isalnum, text))
