from __future__ import annotations

import random
import re
from dataclasses import asdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.speech_text import (
    LONGEST_PIECE,
    CallDirective,
    ReplyText,
    SpokenPiece,
    VoiceDirective,
)
from pipeline.speech_text.gist import SLACK
from tests.pipeline.speech_text.replies import Reply, load_replies

REPLIES = load_replies()
NEVER_VOICED = re.compile(
    r"://|www\.|\*|`|~~|\[|\]|\||<|>|\{|\}|^\s*#|\\|[\ue000-\uf8ff]|[\U0001f300-\U0001faff]"
    r"|&[a-z]+;|[\u2022\u2500-\u259f\u200b-\u200f\u2060-\u206f]|turn0"
)
"""Markup, addresses and code, and our own marks."""


def speak(reply: Reply, parts: list[str]) -> list[SpokenPiece]:
    text = reply.begin()
    pieces = [piece for part in parts for piece in text.push(part)]
    return pieces + text.flush()


def cut(text: str, seed: int) -> list[str]:
    places = random.Random(seed)  # noqa: S311 - where a stream is cut is no secret
    parts = []
    while text:
        size = places.choice((1, 2, 3, 5, 8, 13, 40, 200))
        parts.append(text[:size])
        text = text[size:]
    return parts


def test_there_are_two_hundred_replies_each_with_its_own_name() -> None:
    assert len(REPLIES) >= 200
    assert len({reply.name for reply in REPLIES}) == len(REPLIES)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_a_reply_is_spoken_as_a_listener_wants_to_hear_it(reply: Reply) -> None:
    assert reply.joined(speak(reply, [reply.text])) == reply.spoken


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_a_reply_that_comes_character_by_character_is_spoken_the_same(reply: Reply) -> None:
    assert reply.joined(speak(reply, list(reply.text))) == reply.spoken


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_what_is_not_spoken_is_known(reply: Reply) -> None:
    text = reply.begin()
    text.push(reply.text)
    text.flush()
    assert text.belongs_in_channel is reply.posted
    assert [[call.name, call.argument] for call in text.calls] == reply.calls
    assert text.voice == (VoiceDirective(**reply.voice) if reply.voice else None)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_every_prefix_speaks_nothing_that_the_whole_takes_back(reply: Reply) -> None:
    whole = speak(reply, [reply.text])
    text, early = reply.begin(), []
    for character in reply.text:
        early += text.push(character)
        assert whole[: len(early)] == early
    assert early + text.flush() == whole


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_a_reply_that_breaks_off_anywhere_voices_no_markup(reply: Reply) -> None:
    for end in range(0, len(reply.text), 3):
        for piece in speak(reply, [reply.text[:end]]):
            assert not NEVER_VOICED.search(piece.text), piece.text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(REPLIES), min_size=1, max_size=4),
    st.sampled_from(["\n\n", "\n", " "]),
    st.integers(0, 2**32),
)
def test_how_a_reply_was_cut_makes_no_difference(
    replies: list[Reply], joint: str, seed: int
) -> None:
    whole = Reply("several", joint.join(reply.text for reply in replies), "")
    pieces = speak(whole, [whole.text])
    assert speak(whole, cut(whole.text, seed)) == pieces
    assert speak(whole, list(whole.text)) == pieces
    for piece in pieces:
        assert not NEVER_VOICED.search(piece.text), piece.text


SIGNS = st.sampled_from(
    [
        *("Hello", "world", "Dr.", "3.5", "14.", "$5", "x", "你好", "。", "Yes.", "What?", "The"),
        *("**", "*", "_", "~~", "`", "```", "[", "](", ")", "]", "<b>", "</b>", "<", ">", "|"),
        *("https://a.b/c.", "[[end_call]]", "[[", "]]", "<think>", "</think>", "{", "}", "$", "$$"),
        *("\n", "\n\n", "\n- ", "\n1. ", "\n> ", "\n    ", "\n# ", "\n| a | b |\n|---|---|\n"),
        *(" ", " ", " ", ", ", ": ", "🎉", "✅", "\\(", "\\)", "MEDIA:", "\ue001", "\u2013", "-"),
        *("||", "<t:1773500000:R>", '{"a": ', "}", "¯\\_(ツ)_/¯", "[!NOTE]", "\n-# ", "\n[1] "),
        *("NO_REPLY", "\ue200", "\ue201", "\n>>> ", "1️⃣", "①", "</a:1>", "\u200b", "U.S.", "kl. 9"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(SIGNS, max_size=40), st.integers(0, 2**32))
@example(["[", "Hello", "](", "https://a.b/c.", " "], 1)
@example(["\n| a | b |\n|---|---|\n", "|", "x"], 2)
def test_any_text_is_cut_alike_and_raises_nothing(signs: list[str], seed: int) -> None:
    reply = Reply("any", "".join(signs), "")
    whole = speak(reply, [reply.text])
    assert speak(reply, cut(reply.text, seed)) == whole
    assert all(len(piece.text) <= 3 * LONGEST_PIECE for piece in whole)


WORDS = st.lists(
    st.sampled_from(
        ["apple", "bridge", "cloud", "dinner", "engine", "forest", "garden", "harbour", "island"]
    ),
    min_size=3,
    max_size=8,
)
WRAPPED = st.sampled_from(
    ["{}", "**{}**", "*{}*", "_{}_", "- {}", "1. {}", "> {}", "# {}", "[{}](https://a.b/c)"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(WRAPPED, WORDS), min_size=1, max_size=6))
def test_nothing_that_should_be_heard_is_lost(blocks: list[tuple[str, list[str]]]) -> None:
    markdown = "\n\n".join(form.format(" ".join(words)) for form, words in blocks)
    reply = Reply("wrapped", markdown, "")
    heard = " ".join(piece.text for piece in speak(reply, list(markdown))).lower()
    said = [word for word in re.findall(r"[a-z]+", heard) if word != "one"]
    assert said == [word for _, words in blocks for word in words]


def test_the_first_clause_comes_before_its_sentence_ends() -> None:
    text = ReplyText()
    assert not text.push("If you leave the house at eight,")
    early = text.push(" y")
    assert [piece.text for piece in early] == ["If you leave the house at eight,"]
    assert not text.push("ou reach the train, which leaves at nine, with ease")
    assert [piece.text for piece in text.push(". T")] == [
        "you reach the train, which leaves at nine, with ease."
    ]


def test_a_short_first_clause_waits_for_more() -> None:
    text = ReplyText()
    assert not text.push("Well, no, because")


@pytest.mark.parametrize(
    "half",
    [
        "Look at [the manual. It has",
        "Look at [the manual](https://a.b/c. D",
        "Write `x. Y",
        "It costs 3.",
        "It is 14",
        "I met Dr.",
        "Hello <think>I wonder. Why",
        "Bye. [[transfer:+1555. 1",
    ],
)
def test_half_a_construct_is_not_spoken(half: str) -> None:
    text = ReplyText()
    assert not [piece.text for piece in text.push(half) if piece.text != "Bye."]


def test_a_long_answer_is_spoken_in_its_beginning_and_its_question() -> None:
    middle = " ".join(f"This is fact number {number} of many." for number in range(80))
    text = ReplyText()
    said = text.push(f"The short answer is yes. {middle}\n\nShall I go on?") + text.flush()
    spoken = " ".join(piece.text for piece in said)
    assert spoken.startswith("The short answer is yes. This is fact number zero of many.")
    assert spoken.endswith("The rest is in the channel. Shall I go on?")
    assert len(spoken) < 900
    assert text.belongs_in_channel
    assert text.written.endswith("Shall I go on?")


def test_an_answer_that_is_little_too_long_is_spoken_whole() -> None:
    sentence = "This is a sentence of the answer. "
    count = (700 + SLACK) // len(sentence) - 1
    text = ReplyText()
    said = text.push(sentence * count) + text.flush()
    assert len(said) == count
    assert not text.belongs_in_channel


def test_all_of_a_long_answer_is_spoken_where_nothing_can_be_read() -> None:
    text = ReplyText(in_channel=False, longest=None)
    said = text.push("This is a sentence of the answer. " * 100) + text.flush()
    assert len(said) == 100


def test_what_is_posted_has_its_markup_and_no_reasoning() -> None:
    text = ReplyText()
    text.push(
        '{"voice": "x"}\n<think>no</think>**Yes**, `a_b`. [[dtmf:1]][[tts:text]]Ha![[/tts:text]]'
    )
    text.flush()
    assert text.written == "**Yes**, `a_b`."
    assert text.calls == (CallDirective("dtmf", "1"),)


def test_a_piece_knows_its_language_and_how_it_was_written() -> None:
    text = ReplyText()
    text.push("It costs $5. Das ist nicht viel, ich nehme es für 3 €.")
    pieces = text.push(" Gut.") + text.flush()
    assert asdict(pieces[0])["language"] == "de"
    assert pieces[0].written == "Das ist nicht viel, ich nehme es für 3 €."


def test_a_directive_at_the_head_is_known_before_the_first_piece() -> None:
    text = ReplyText()
    assert not text.push('{"voice":"x","lang":"de-DE"}\n3 ')
    assert text.voice == VoiceDirective(voice="x", language="de-DE")
    assert [piece.text for piece in text.push("km weit. J")] == ["Drei Kilometer weit."]


def test_other_languages_keep_their_digits() -> None:
    text = ReplyText(language="fr")
    said = text.push("Il est 14:30 et ça coûte 5 €.") + text.flush()
    assert [piece.text for piece in said] == ["Il est 14:30 et ça coûte 5 €."]


HOSTILE = [
    *("a", "1", "1.", "-1/", "[", "[[", "[a](", "> ", "- ", "<think", "<", "`a", "*a", "$a"),
    *("| a ", '{"a":', "http://a(", "||", "\u00af\\_", "0a", "Aa1-", "\ud800", "\u200d", "\0"),
    *("\ue200", "\r\n", "A. ", "1\u2074", "10:", "\\(", "<t:1", "M", "NO_", "[^1]: "),
    *("\u202e\u05e9 ", "e\u0301"),
]


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
@pytest.mark.parametrize("beginning", ["", "Hello. ", "```\n", "$$\n", "\u300c"], ids=ascii)
def test_no_text_is_too_strange(beginning: str, sign: str) -> None:
    text = ReplyText(longest=None)
    for piece in text.push(beginning + sign * (3000 // len(sign))) + text.flush():
        assert len(piece.text.encode()) <= 40 * LONGEST_PIECE
    text.written.encode()
