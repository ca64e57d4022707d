"""What the bot writes about calls; see also ``test_captions.py``."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discord_bot import call_texts, texts
from discord_bot.telephone import Activity, CallStage, Said, Verdict
from tests.discord_bot.phone_calls import NUMBER, WHO, call, result

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXTS)
def test_words_of_others_are_shown_as_they_are_on_one_line(text: str) -> None:
    shown = call_texts.plain(text)
    assert re.sub(r"\\(\W|_)", r"\1", shown) == " ".join(text.split())
    assert not re.search(r"(?<!\\)(\\\\)*[*_~`|<>@#:()\[\]]", shown)


@given(TEXTS, st.integers(1, 30))
def test_words_are_cut_into_parts_that_fit_and_none_is_lost(text: str, longest: int) -> None:
    parts = list(call_texts.pieces(text, longest))
    assert all(len(part) <= longest for part in parts)
    assert "".join(parts).replace(" ", "") == "".join(text.split())


@pytest.mark.parametrize(("seconds", "text"), [(7, "7 s"), (60, "1 min 0 s"), (83, "1 min 23 s")])
def test_a_length_of_time_is_told(seconds: int, text: str) -> None:
    assert call_texts.duration(seconds) == text


@pytest.mark.parametrize("stage", CallStage)
def test_every_stage_has_its_words(stage: CallStage) -> None:
    assert call_texts.standing(call(stage=stage), Activity.LISTENING).startswith("*")
    assert call_texts.listing(call(stage=stage))


def test_numbers_are_told_only_to_those_who_made_the_call() -> None:
    made = call(asked_by="Ann")
    for public in (
        call_texts.title(made),
        call_texts.standing(made, Activity.HEARING),
        "".join(call_texts.said(made, Said(0.0, by_agent=False, text="Hi"))),
        call_texts.question(made, 5),
        call_texts.answered(made, Verdict.APPROVED, "Ann"),
        call_texts.choice(made),
        *call_texts.ending(result()),
    ):
        assert NUMBER not in public
    assert WHO in call_texts.title(made)
    assert NUMBER in call_texts.calling(made, followed=True)


def test_who_asked_learns_that_the_call_waits_for_approval() -> None:
    text = call_texts.calling(call(to_approve=True), followed=True)
    assert "as soon as somebody has approved it" in text


def test_help_fits_into_a_message() -> None:
    assert len(texts.HELP + call_texts.HELP) <= texts.LONGEST_MESSAGE


def test_a_call_without_an_answer_tells_no_length_and_no_cost() -> None:
    [line] = call_texts.ending(result(how="busy", seconds=0, cost=""))
    assert line == "☎️ **Over**: busy"
