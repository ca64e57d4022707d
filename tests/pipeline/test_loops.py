from __future__ import annotations

import pytest

from pipeline.loops import LONGEST_PHRASE, Loop, count_rounds, cut_loop, find_loop
from pipeline.spoken_units import split_units


def found(text: str) -> Loop | None:
    return find_loop(split_units(text))


def numbered(count: int) -> str:
    return " ".join(f"w{number}" for number in range(count))


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("", None),
        ("one two three", None),
        ("so so so so so so so", None),
        ("so so so so so so so so", Loop(0, 1, 8)),
        ("thank you thank you thank you", None),
        ("thank you thank you thank you thank you", Loop(0, 2, 8)),
        ("oh thank you thank you thank you thank you bye", Loop(1, 2, 9)),
        ("a b c d e a b c d e a b c d e", None),
        ("a b c d e f a b c d e f", None),
        ("a b c d e f a b c d e f a b c d e f", Loop(0, 6, 18)),
        # The last round may be broken off.
        ("well a b c a b c a b c a b c a", Loop(1, 3, 14)),
        ("的的的的的的的的", Loop(0, 1, 8)),
        ("我不知道我不知道我不知道我不知道", Loop(0, 4, 16)),
    ],
)
def test_a_loop_is_more_than_people_repeat(text: str, loop: Loop | None) -> None:
    assert found(text) == loop


def test_a_phrase_has_a_longest() -> None:
    longest, longer = numbered(LONGEST_PHRASE), numbered(LONGEST_PHRASE + 1)

    assert found(f"{longest} {longest} {longest}") == Loop(0, LONGEST_PHRASE, 3 * LONGEST_PHRASE)
    assert found(f"{longer} {longer} {longer}") is None


def test_the_first_words_that_loop_are_taken() -> None:
    assert found("a a a a a a a a b b b b b b b b") == Loop(0, 1, 8)


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("so so so so so so so so", "so"),
        (
            "Turn on the light, light, light, light, light, light, light, light.",
            "Turn on the light,",
        ),
        (
            "Oh. Thank you! Thank you! Thank you! Thank you! Goodbye, Ann.",
            "Oh. Thank you! Goodbye, Ann.",
        ),
        ("你好的的的的的的的的世界", "你好的 世界"),
        ("I can't can't can't can't can't can't can't can't hear", "I can't hear"),
    ],
)
def test_a_loop_is_cut_to_one_round(text: str, once: str) -> None:
    loop = found(text)
    assert loop is not None

    assert cut_loop(text, loop) == once


@pytest.mark.parametrize(
    ("text", "rounds"),
    [
        ("", 0),
        ("you", 1),
        ("you you you", 3),
        ("thank you thank you", 2),
        ("thank you thank", 1),
        ("a b a b a b a b", 4),
    ],
)
def test_rounds_are_counted_when_nothing_else_is_said(text: str, rounds: int) -> None:
    assert count_rounds(split_units(text)) == rounds
