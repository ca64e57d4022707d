from __future__ import annotations

import pytest

from pipeline.echo_words import is_echo_of

PLAYED = (
    "It is ten past four, and the next train leaves in twenty minutes. "
    "Shall I remind you when it is time to go?"
)


@pytest.mark.parametrize(
    "heard",
    [
        "It is ten past four, and the next train leaves in twenty minutes.",
        "the next train leaves",
        "next train leaves in twenty",
        "time to go",
        "past for and the next trains leaves in twenty",  # misheard
        "The next rain leaves in twenty minutes.",
        "shall I remind when it is time",  # a word lost
        "and the next train leaves uh in twenty minutes",  # a word invented
    ],
)
def test_what_the_bot_said_is_echo_also_in_parts_and_misheard(heard: str) -> None:
    assert is_echo_of(heard, PLAYED)


@pytest.mark.parametrize("heard", ["", "stop", "twenty minutes"])
def test_a_word_or_two_are_never_echo(heard: str) -> None:
    assert not is_echo_of(heard, PLAYED)


@pytest.mark.parametrize(
    "heard",
    [
        "no I meant the train to Berlin",
        "what is the weather like tomorrow",
        "yes please remind me in ten minutes",
        "stop it is fine thank you",
        "jarvis stop talking now please",
        "minutes twenty in leaves train next the",  # the order counts
        "is it time for the train",
        "it the train in you go",  # words from all over
    ],
)
def test_what_a_person_says_is_not_echo(heard: str) -> None:
    assert not is_echo_of(heard, PLAYED)


def test_words_of_ones_own_beside_repeated_ones_are_not_echo() -> None:
    assert not is_echo_of("why does the next train leave so late", PLAYED)


def test_nothing_is_echo_of_silence() -> None:
    assert not is_echo_of("the next train leaves", "")


def test_case_accents_and_punctuation_do_not_matter() -> None:
    assert is_echo_of("LE CAFE EST PRET!", "Le café est prêt, monsieur.")
