from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline import phantoms
from pipeline.interjections import Interjection, read_interjection
from pipeline.phantoms import is_everyday_phantom, is_phantom

LISTS = tomllib.loads(
    (Path(phantoms.__file__).parent / "word_lists" / "phantoms.toml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "THANKS FOR WATCHING",
        "Subtitles by the Amara.org community",
        "Untertitelung. BR 2018",
        "Somebody at Amara.org",
        "SWR 2021",
        "Thank you. Bye. Thanks for watching!",
        "Bye, thanks for watching",
    ],
)
def test_what_only_subtitles_say(text: str) -> None:
    assert is_phantom(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Thank you.",
        "Thanks for watching the kids",
        "Ann, thanks for watching.",
        "Subtitles bypassed",
        "Show subtitles by default",
        "Amaranth organised it",
    ],
)
def test_what_people_may_say_is_not_only_of_subtitles(text: str) -> None:
    assert not is_phantom(text)


@pytest.mark.parametrize("text", ["you", "Thank you. Bye.", "Okay, thanks for watching."])
def test_what_whisper_likes_to_say_in_silence(text: str) -> None:
    assert is_everyday_phantom(text)


@pytest.mark.parametrize("text", ["", "you and me", "Thank you, Ann.", "Jarvis."])
def test_more_than_that_is_not_what_it_likes(text: str) -> None:
    assert not is_everyday_phantom(text)


@pytest.mark.parametrize("language", LISTS)
def test_no_phantom_stops_a_reply(language: str) -> None:
    for kind in ("whole", "everyday"):
        for phrase in LISTS[language][kind].split(","):
            spoken = None if language == "other" else language
            assert read_interjection(phrase, language=spoken) is not Interjection.STOP, phrase
