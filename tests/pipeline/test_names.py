import pytest

from pipeline.names import Likeness, Mention, NameFinder, fold, split_words

AGENTS = NameFinder(
    {
        "jarvis": ("jarvis",),
        "sage": ("sage",),
        "home": ("Home Assistant", "house"),
        "claw": ("OpenClaw",),
        "zoe": ("Zoë",),
    }
)


def found(text: str) -> list[tuple[str, str, Likeness]]:
    return [(m.owner, m.heard, m.likeness) for m in AGENTS.find(split_words(text))]


def test_case_accents_and_typographic_apostrophes_are_folded() -> None:
    assert fold("ZOË\u2019s Straße") == "zoe's strasse"


def test_words_know_the_pauses_around_them() -> None:
    words = split_words("Well, Jarvis, stop it. Now-ish!")
    shown = [(w.text, w.opens, w.closes, w.first, w.last) for w in words]
    assert shown == [
        ("well", True, True, True, False),
        ("jarvis", True, True, False, False),
        ("stop", True, False, False, False),
        ("it", False, True, False, True),
        ("now", True, False, True, False),
        ("ish", False, True, False, True),
    ]


def test_no_words_in_silence_and_marks() -> None:
    assert split_words("") == ()
    assert split_words(" … ?! ") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("JARVIS", ("jarvis", "jarvis", Likeness.EXACT)),
        ("hey jarvus", ("jarvis", "jarvus", Likeness.ALIAS)),
        ("hey travis", ("jarvis", "travis", Likeness.ALIAS)),
        ("hey jar vis", ("jarvis", "jar vis", Likeness.EXACT)),
        ("hey jarvin", ("jarvis", "jarvin", Likeness.SIMILAR)),
        ("hey home assistant", ("home", "home assistant", Likeness.EXACT)),
        ("hey homeassistant", ("home", "homeassistant", Likeness.EXACT)),
        ("home asistent lights", ("home", "home asistent", Likeness.SIMILAR)),
        ("hey house", ("home", "house", Likeness.ALIAS)),
        ("open claw what time is it", ("claw", "open claw", Likeness.EXACT)),
        ("zoe hello", ("zoe", "zoe", Likeness.EXACT)),
    ],
)
def test_a_name_is_found_as_it_may_be_heard(text: str, expected: tuple[str, str, Likeness]) -> None:
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "jarvis's",  # possessive
        "service",  # sounds alike, four letters off
        "davis",  # one letter from a misspelling is another name
        "sags",  # four letters: exactly or not at all
        "home, assistant",  # a pause parts two words
        "assistant",
        "houses",  # plural
    ],
)
def test_other_words_are_no_names(text: str) -> None:
    assert found(text) == []


def test_two_edits_need_eight_letters() -> None:
    finder = NameFinder({"computer": ("computer",)})
    assert finder.find(split_words("compuder"))
    assert finder.find(split_words("gompuder"))
    assert not finder.find(split_words("gompudes"))
    assert not finder.find(split_words("computers"))


def test_a_configured_name_beats_a_known_misspelling() -> None:
    finder = NameFinder({"jarvis": ("jarvis",), "t": ("Travis",)})
    assert finder.find(split_words("travis")) == [Mention("t", "travis", Likeness.EXACT, 0, 1)]


def test_the_longer_of_two_names_is_meant() -> None:
    finder = NameFinder({"home": ("home",), "assistant": ("home assistant",)})
    assert [m.owner for m in finder.find(split_words("home assistant home"))] == [
        "assistant",
        "home",
    ]


def test_without_other_spellings_only_the_name_counts() -> None:
    finder = NameFinder({"jarvis": ("jarvis",)}, misheard=False)
    assert not finder.find(split_words("jarvus travis jarvin"))


def test_names_without_letters_and_no_names_find_nothing() -> None:
    assert NameFinder({}).find(split_words("jarvis")) == []
    assert NameFinder({"x": ("?!",), "y": ()}).find(split_words("jarvis")) == []


def test_learnt_forms_are_other_spellings_and_are_not_misspelled_again() -> None:
    finder = NameFinder({"jarvis": ("jarvis",)}, learnt={"jarvis": ["darvish"], "gone": ["gonne"]})
    assert finder.find(split_words("darvish")) == [
        Mention("jarvis", "darvish", Likeness.ALIAS, 0, 1)
    ]
    assert not finder.find(split_words("garvish gonne"))


def test_the_rest_are_the_words_of_no_mention() -> None:
    assert AGENTS.rest(split_words("hey open claw what time is it jarvis")) == [
        "hey",
        "what",
        "time",
        "is",
        "it",
    ]
