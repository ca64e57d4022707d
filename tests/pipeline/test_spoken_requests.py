"""What people ask of the voice, and what only sounds like it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.spoken_requests import (
    Degree,
    Direction,
    PaceRequest,
    SpokenRequest,
    VoiceRequest,
    WhichVoice,
    acknowledgement,
    read_request,
)

NAMES = ("Jarvis", "Sage", "ジャービス")

CORPUS: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "data" / "spoken_requests.toml").read_text(encoding="utf-8")
)


def said(meaning: str) -> list[tuple[str, str]]:
    """Return the utterances with one meaning, and their languages."""
    return [(language, text) for language, texts in CORPUS[meaning].items() for text in texts]


def read(text: str, language: str | None = "en", **more: bool) -> SpokenRequest | None:
    return read_request(text, NAMES, language=language, **more)


@pytest.mark.parametrize("direction", list(Direction))
def test_another_pace_is_asked_for(direction: Direction):
    for language, text in said(direction.value):
        assert read(text, language) == PaceRequest(direction), (language, text)
        assert read(text, None) == PaceRequest(direction), (language, text)


@pytest.mark.parametrize("which", [WhichVoice.OTHER, WhichVoice.OWN])
def test_another_voice_is_asked_for(which: WhichVoice):
    for language, text in said(which.value):
        assert read(text, language) == VoiceRequest(which), (language, text)


def test_what_only_mentions_pace_or_voice_is_for_the_agent():
    for language, text in said("nothing"):
        assert read(text, language) is None, (language, text)


@pytest.mark.parametrize(
    ("language", "text", "degree"),
    [
        ("en", "a bit slower please", Degree.LITTLE),
        ("en", "Jarvis, could you speak a little bit faster?", Degree.LITTLE),
        ("en", "much slower", Degree.MUCH),
        ("en", "Talk a lot faster!", Degree.MUCH),
        ("en", "slow down a bit", Degree.LITTLE),
        ("de", "Ein bisschen langsamer, bitte.", Degree.LITTLE),
        ("de", "Kannst du etwas schneller sprechen?", Degree.LITTLE),
        ("de", "Sprich viel langsamer.", Degree.MUCH),
        ("nb", "Litt saktere, takk.", Degree.LITTLE),
        ("no", "Kan du snakke mye fortere?", Degree.MUCH),
        ("ja", "もう少しゆっくり話してください。", Degree.LITTLE),
        ("ja", "ちょっと速く話して", Degree.LITTLE),
    ],
)
def test_how_far_is_understood(language: str, text: str, degree: Degree):
    request = read(text, language)
    assert isinstance(request, PaceRequest)
    assert request.degree is degree


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "Change your voice to Nova.", "nova"),
        ("en", "Jarvis, please switch your voice to Nova please.", "nova"),
        ("en", "Change your voice to Sage.", "sage"),
        ("en", "Can you use the voice of Kristin?", "kristin"),
        ("en", "use the heart voice", "heart"),
        ("de", "Nimm bitte die Stimme von Thorsten.", "thorsten"),
        ("de", "Jarvis, nimm die Stimme Thorsten, bitte.", "thorsten"),
        ("de", "Ändere deine Stimme auf Nova.", "nova"),
        ("no", "Bytt stemme til Nova, takk.", "nova"),
        ("ja", "声をNovaに変えてください。", "nova"),
        ("ja", "ジャービス、novaの声で話して。", "nova"),
        ("en", "Change your voice to", None),
        ("en", "He will change your voice to Nova.", None),
        ("en", "Change your voice to Nova and tell me what time it is right now over there", None),
    ],
)
def test_a_voice_is_named(language: str, text: str, words: str | None):
    expected = None if words is None else VoiceRequest(WhichVoice.NAMED, words)
    assert read(text, language) == expected


def test_a_short_answer_to_a_question_is_no_request():
    for text in ("slower", "a bit slower please", "Faster!", "normal speed", "slow down"):
        assert read(text) is not None
        assert read(text, after_question=True) is None
    assert read("speak slower", after_question=True) == PaceRequest(Direction.SLOWER)


@pytest.mark.parametrize("text", ["", "   ", "...", "[laughter]", "slower " * 50, "please " * 41])
def test_what_has_no_words_or_too_many_is_no_request(text: str):
    assert read(text) is None


def test_words_of_a_language_without_a_list_are_for_the_agent():
    assert read("slower please", "sv") is None
    assert read("Slower please", "en-GB") == PaceRequest(Direction.SLOWER)


def test_names_are_known_by_what_agents_are_called():
    assert read_request("Bob, speak slower", ("Jarvis",), language="en") is None
    assert read_request("Bob, speak slower", ("Bob",), language="en") is not None


@pytest.mark.parametrize(
    ("request_", "changed", "language", "words"),
    [
        (PaceRequest(Direction.SLOWER), True, "en", "Okay, slower."),
        (PaceRequest(Direction.SLOWER), False, "en", "I cannot speak any slower."),
        (PaceRequest(Direction.FASTER), False, "de", "Noch schneller kann ich nicht sprechen."),
        (PaceRequest(Direction.NORMAL), False, "nb", "Slik snakker jeg allerede."),
        (VoiceRequest(WhichVoice.OTHER), False, "sv", "I have no other voice."),
        (VoiceRequest(WhichVoice.OWN), True, "ja", "はい、いつもの声に戻しました。"),
        (VoiceRequest(WhichVoice.NAMED, "nova"), True, "en", "Okay, this is my voice now."),
    ],
)
def test_what_is_answered(request_: SpokenRequest, changed: bool, language: str, words: str):
    assert acknowledgement(request_, changed=changed, language=language) == words


def test_every_language_has_every_answer():
    requests = [*map(PaceRequest, Direction), *map(VoiceRequest, WhichVoice)]
    for language in ("en", "de", "no", "ja"):
        for request in requests:
            for changed in (True, False):
                assert acknowledgement(request, changed=changed, language=language)
