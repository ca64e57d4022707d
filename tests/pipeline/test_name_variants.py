import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.name_variants import (
    MOST_CANDIDATES,
    MOST_FORMS,
    NameVariants,
    NearMiss,
    find_near_miss,
)
from pipeline.names import NameFinder, split_words

NAMES = {"jarvis": ("Jarvis",), "sage": ("Sage", "wise one")}
WISH = ("what", "time", "is", "it")
MISS = NearMiss("jarvis", "darvish", frozenset(WISH))


def near(text: str, *people: str) -> NearMiss | None:
    words = split_words(text)
    mentions = NameFinder({name: (name,) for name in people}, misheard=False).find(words)
    return find_near_miss(words, NAMES, mentions)


def repeat(variants: NameVariants, missed: NearMiss = MISS, at: float = 0.0) -> bool:
    variants.miss("ann", missed, at)
    return variants.name("ann", missed.agent, missed.wish, at + 5.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("darvish what time is it", MISS),
        ("what time is it darvish", MISS),
        ("hey Saije!", NearMiss("sage", "saije", frozenset({"hey"}))),
        ("darvish", NearMiss("jarvis", "darvish", frozenset())),
    ],
)
def test_a_word_like_a_name_where_one_calls_is_a_near_miss(text: str, found: NearMiss) -> None:
    assert near(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "service what time is it",  # a common word
        "stage what time is it",
        "i told darvish about it",  # not where one calls
        "marten what time is it",  # too far from any name
        "saj what time is it",  # too short
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert near(text) is None


def test_a_persons_name_is_theirs() -> None:
    assert near("darvish what time is it", "darvish") is None
    assert find_near_miss(split_words("darvish"), {}, []) is None


def test_a_form_is_learnt_when_it_was_repeated_twice() -> None:
    variants = NameVariants()
    assert not repeat(variants)
    assert variants.learnt() == {}
    assert repeat(variants, at=60.0)
    assert variants.learnt() == {"jarvis": ["darvish"]}
    assert not repeat(variants, at=90.0)  # it is known


def test_a_correction_is_enough() -> None:
    variants = NameVariants()
    assert variants.correct(MISS)
    assert variants.learnt() == {"jarvis": ["darvish"]}


def test_what_is_no_repetition_teaches_nothing() -> None:
    variants = NameVariants()
    for _ in range(3):
        variants.miss("ann", MISS, 0.0)
        assert not variants.name("ben", "jarvis", WISH, 5.0)  # somebody else
        assert not variants.name("ann", "sage", WISH, 5.0)  # another agent
        variants.miss("ann", MISS, 0.0)
        assert not variants.name("ann", "jarvis", WISH, 15.1)  # too late
        variants.miss("ann", MISS, 0.0)
        assert not variants.name("ann", "jarvis", ("play", "some", "jazz", "it"), 5.0)
        assert not variants.name("ann", "jarvis", WISH, 5.0)  # another wish came between
    assert variants.learnt() == {}


def test_half_the_words_at_the_last_moment_are_a_repetition() -> None:
    variants = NameVariants()
    for _ in range(2):
        variants.miss("ann", MISS, 0.0)
        learnt = variants.name("ann", "jarvis", (*WISH, "now", "in", "all", "of"), 15.0)
    assert learnt


@pytest.mark.parametrize(("missed", "named"), [((), WISH), (WISH, ()), ((), ())])
def test_a_mere_call_before_or_after_repeats(
    missed: tuple[str, ...], named: tuple[str, ...]
) -> None:
    variants = NameVariants()
    for _ in range(2):
        variants.miss("ann", NearMiss("jarvis", "darvish", frozenset(missed)), 0.0)
        learnt = variants.name("ann", "jarvis", named, 5.0)
    assert learnt


def form(number: int) -> str:
    return "jarv" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")


def test_what_is_learnt_is_bounded() -> None:
    variants = NameVariants()
    for number in range(MOST_FORMS + 1):
        variants.correct(NearMiss("jarvis", form(number), frozenset()))
    assert variants.learnt()["jarvis"] == [form(number) for number in range(1, MOST_FORMS + 1)]


def test_what_waits_to_be_confirmed_is_bounded() -> None:
    variants = NameVariants()
    for number in range(MOST_CANDIDATES + 1):
        repeat(variants, NearMiss("jarvis", form(number), frozenset()))
    assert not repeat(variants, NearMiss("jarvis", form(0), frozenset()))  # forgotten
    assert repeat(variants, NearMiss("jarvis", form(MOST_CANDIDATES), frozenset()))


def test_people_whose_call_was_missed_are_bounded() -> None:
    variants = NameVariants()
    for _ in range(2):
        for number in range(MOST_CANDIDATES + 1):
            variants.miss(str(number), MISS, 0.0)
        learnt = variants.name("0", "jarvis", WISH, 5.0)
    assert not learnt
    assert not variants.name("1", "jarvis", WISH, 5.0)
    assert variants.name("2", "jarvis", WISH, 5.0)


def test_what_was_kept_is_learnt_again_but_for_what_may_not_be() -> None:
    kept = json.loads(json.dumps({"jarvis": ["darvish", "service", "x", "jar vis"]}))
    assert NameVariants(kept).learnt() == {"jarvis": ["darvish"]}


@given(st.lists(st.text(max_size=12), max_size=20))
def test_what_is_kept_and_read_stays_the_same(forms: list[str]) -> None:
    learnt = NameVariants({"jarvis": forms}).learnt()
    assert NameVariants(learnt).learnt() == learnt
    assert len(learnt.get("jarvis", ())) <= MOST_FORMS
