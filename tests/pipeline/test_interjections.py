from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import interjections
from pipeline.interjections import Interjection, is_interjection, may_change, read_interjection
from pipeline.names import word_set
from pipeline.spoken_units import split_units

DATA = Path(__file__).parent / "data" / "interjections.txt"
LISTS = Path(interjections.__file__).parent / "word_lists" / "interjections.toml"
NAMES = (
    "Jarvis",
    "Sage",
    "Джарвис",
    "ジャービス",
    "贾维斯",
    "자비스",
    "जार्विस",
    "جارفيس",
)
LANGUAGES = word_set("en de fr es it pt nl no sv da pl ru uk tr ja zh ko hi ar")


@dataclass(frozen=True)
class Example:
    language: str
    kind: Interjection
    text: str


def _examples() -> list[Example]:
    lines = DATA.read_text(encoding="utf-8").splitlines()
    rows = [line.split("|", 2) for line in lines if not line.startswith("#")]
    return [
        Example(language.strip(), Interjection(kind.strip()), text.strip())
        for language, kind, text in rows
    ]


EXAMPLES = _examples()


def en(text: str) -> Interjection:
    return read_interjection(text, ["Jarvis", "Sage"], language="en")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda it: f"{it.language}-{it.text}")
def test_every_example_is_read_as_what_it_is(example: Example) -> None:
    assert read_interjection(example.text, NAMES, language=example.language) is example.kind


def test_there_are_enough_examples_of_every_language() -> None:
    kinds = Counter(example.kind for example in EXAMPLES)
    for kind in Interjection:
        languages = {example.language for example in EXAMPLES if example.kind is kind}
        assert kind is Interjection.CALL or languages >= LANGUAGES

    assert kinds[Interjection.STOP] >= 150
    assert kinds[Interjection.BACKCHANNEL] >= 150
    assert kinds[Interjection.SPEECH] >= 150


@pytest.mark.parametrize(
    "example",
    [it for it in EXAMPLES if it.kind is not Interjection.SPEECH],
    ids=lambda it: f"{it.language}-{it.text}",
)
def test_no_cut_makes_certain_speech_of_a_stop_or_a_nod(example: Example) -> None:
    for end in range(len(example.text)):
        cut = example.text[:end]
        kind = read_interjection(cut, NAMES, language=example.language)
        assert kind is not Interjection.SPEECH or may_change(
            cut, NAMES, language=example.language
        ), cut


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("", True),
        ("yeah", True),
        ("Jarvis", True),
        ("sto", True),
        ("hold", False),  # a stop by itself
        ("that's en", True),
        ("Yeah, that's en", True),
        ("Jarv", True),
        ("please", True),
        ("stop", False),
        ("okay, stop", False),
        ("what is", False),
        ("what is. sto", False),
        ("sto pla", False),
        ("stop the music", False),
    ],
)
def test_what_may_still_become_something_else_is_waited_for(text: str, changes: bool) -> None:
    assert may_change(text, ["Jarvis"], language="en") is changes


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "STOP!!!",
        "Stooop.",
        "\uff53\uff54\uff4f\uff50",  # full width
        "\u201cStop.\u201d",
        "- Stop -",
    ],
)
def test_spelling_and_signs_do_not_matter(text: str) -> None:
    assert en(text) is Interjection.STOP


def test_accents_may_be_missing_or_apart() -> None:
    for text in ("Arrête !", "arrete", "arre\u0302te"):
        assert read_interjection(text, language="fr") is Interjection.STOP


@pytest.mark.parametrize(
    ("text", "stops_in", "not_in"),
    [
        ("Para.", "es", "it"),
        ("Para.", "pt", "de"),
        ("Dur.", "tr", "fr"),
        ("Vent.", "no", "fr"),
        ("Halt.", "de", "sv"),
        ("Basta.", "it", "en"),
        ("Sus.", "tr", "es"),
        ("Still.", "de", "da"),
        ("Kes.", "tr", "en"),
        ("Годі.", "uk", "ru"),
    ],
)
def test_a_stop_of_one_language_is_none_in_another(text: str, stops_in: str, not_in: str) -> None:
    assert read_interjection(text, language=stops_in) is Interjection.STOP
    assert read_interjection(text, language=not_in) is not Interjection.STOP


@pytest.mark.parametrize(
    "example",
    [it for it in EXAMPLES if it.kind is Interjection.STOP],
    ids=lambda it: f"{it.language}-{it.text}",
)
def test_every_stop_stops_when_the_language_is_unknown(example: Example) -> None:
    assert read_interjection(example.text, NAMES) is Interjection.STOP


@pytest.mark.parametrize("language", ["cs", "xx", ""])
def test_where_there_is_no_list_international_words_are_known(language: str) -> None:
    assert read_interjection("Stop!", language=language) is Interjection.STOP
    assert read_interjection("Okay. Mhm. Haha!", language=language) is Interjection.BACKCHANNEL
    assert read_interjection("Warte!", language=language) is Interjection.SPEECH


def test_a_misheard_name_is_a_name() -> None:
    assert en("Travis, stop") is Interjection.STOP
    assert en("Jarvus!") is Interjection.CALL
    assert en("Service, stop") is Interjection.SPEECH


def test_a_name_of_several_words_is_one() -> None:
    assert read_interjection("open claw stop", ["OpenClaw"], language="en") is Interjection.STOP
    assert read_interjection("Stop, Mary Ann!", ["Mary Ann"], language="en") is Interjection.STOP
    assert read_interjection("Stop, Mary!", ["Mary Ann"], language="en") is Interjection.SPEECH


def test_a_name_that_is_a_word_of_the_list_is_a_name() -> None:
    assert read_interjection("Sweet.", ["Sweet"], language="en") is Interjection.CALL
    assert read_interjection("Sweet.", [], language="en") is Interjection.BACKCHANNEL


def test_words_after_a_laugh_count() -> None:
    assert en("Haha stop") is Interjection.STOP
    assert en("Haha what") is Interjection.SPEECH


def test_a_nod_with_a_name_calls() -> None:
    assert en("Okay, Jarvis.") is Interjection.CALL


def test_a_pause_parts_a_negation_from_a_stop() -> None:
    assert en("Don't. Stop.") is Interjection.STOP
    assert en("Don't, Jarvis. Stop.") is Interjection.STOP
    assert en("Don't stop.") is Interjection.SPEECH
    assert en("Don't, Jarvis.") is Interjection.CALL
    assert en("Don't.") is Interjection.SPEECH


def test_a_long_monologue_is_read_quickly_as_speech() -> None:
    assert en("uh huh " * 2000 + "but what") is Interjection.SPEECH


def test_what_people_repeat_is_told_from_what_they_say_once() -> None:
    assert is_interjection("no no please Jarvis", ["Jarvis"], language="en")
    assert is_interjection("stop stop", language="en")
    assert not is_interjection("you", language="en")


def test_no_list_says_two_things_about_one_phrase() -> None:
    for language, lists in tomllib.loads(LISTS.read_text(encoding="utf-8")).items():
        said: dict[tuple[str, ...], str] = {}
        for role, phrases in lists.items():
            for phrase in phrases.split(","):
                units = split_units(phrase, squeezed=True)
                assert units, (language, role, phrase)
                assert said.setdefault(units, role) == role, (language, phrase)
