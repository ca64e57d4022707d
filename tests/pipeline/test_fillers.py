"""What is said in a wait is short, in the language of the conversation, and true."""

from __future__ import annotations

import pytest

from pipeline.fillers import Occasion, filler, looks_up

LANGUAGES = ("da", "de", "en", "es", "fr", "it", "ja", "nb", "nl", "sv")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("occasion", Occasion)
def test_every_language_has_something_short_for_every_occasion(language: str, occasion: Occasion):
    for count in range(3):
        text = filler(language, occasion, count)
        assert 5 <= len(text) <= 26
        assert text.endswith((".", "。"))


def test_it_is_in_the_language_of_the_conversation():
    assert filler("en", Occasion.BEGUN, 0) == "One moment."
    assert filler("de", Occasion.BEGUN, 0) == "Einen Moment."
    assert filler("de-AT", Occasion.LOOKING_UP, 0) == "Ich schaue nach."
    assert filler("no", Occasion.BEGUN, 0) == filler("nb", Occasion.BEGUN, 0) == "Et øyeblikk."


def test_nothing_is_said_in_a_language_that_is_not_spoken():
    assert filler("xx", Occasion.BEGUN, 0) == ""
    assert filler("", Occasion.BEGUN, 0) == ""


def test_phrases_that_mean_the_same_take_turns():
    said = {filler("en", Occasion.BEGUN, count) for count in range(4)}
    assert said == {"One moment.", "Just a moment."}


def test_only_tools_that_find_things_out_look_something_up():
    assert looks_up("web_search")
    assert looks_up("Memory_Search")
    for does in ("exec", "message", "browser", "write", "", "my_tool"):
        assert not looks_up(does)
