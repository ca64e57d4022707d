"""Whether words break off."""

from __future__ import annotations

import pytest

from pipeline.trailing import trails_off


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("jarvis i would like a coffee with a", "en"),
        ("Jarvis, turn on the.", "en"),
        ("and", "en"),
        ("i would like cappuccino triple", "en"),
        ("jarvis i would like", "en"),
        ("hey jarvis can you", "en"),
        ("ich hätte gern", "de"),
        ("je voudrais", "fr"),
        ("I think...", "en"),
        ("so what I want is \u2026", "en"),
        ("well \u2014", "ja"),
        ("Jarvis, wie wird das Wetter in der", "de"),
        ("je voudrais un caf\u00e9 avec", "fr"),
        ("quiero un caf\u00e9 con", "es"),
        ("vorrei un caff\u00e8 con", "it"),
        ("ik wil koffie met", "nl"),
        ("jeg vil ha kaffe med", "no"),
    ],
)
def test_more_must_come(text: str, language: str) -> None:
    assert trails_off(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"),
        ("jarvis what time is it", "en"),
        ("what is it made of?", "en"),
        ("stop it!", "en"),
        ("give me whatever it is you think that i would like", "en"),
        ("turn it on", "en"),
        ("where do you come from?", "en"),
        ("die", "en"),
        ("a", "xx"),
        ("wie sp\u00e4t ist es", "de"),
        ("42", "en"),
    ],
)
def test_it_may_be_all(text: str, language: str) -> None:
    assert not trails_off(text, language)
