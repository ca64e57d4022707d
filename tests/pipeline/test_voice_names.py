"""What the names of voices tell, in the forms of the engines there are."""

from __future__ import annotations

import pytest

from pipeline.voice_names import Kind, ServerVoices, VoiceName, read_voice

ESPEAK = ("default", "jarvis", "sage", "alloy", "de", "en", "en-029", "en-gb", "en-us", "nb", "ja")


@pytest.mark.parametrize(
    ("name", "kind", "language", "speaker"),
    [
        ("de", Kind.TAG, "de", ""),
        ("en-gb-x-rp+m4", Kind.TAG, "en", ""),
        ("nb", Kind.TAG, "no", ""),
        ("cmn", Kind.TAG, "zh", ""),
        ("de_DE-thorsten-high", Kind.SPEAKER, "de", "thorsten"),
        ("no_NO-talesyntese-medium", Kind.SPEAKER, "no", "talesyntese"),
        ("de-DE-KatjaNeural", Kind.SPEAKER, "de", "Katja"),
        ("es-419-Wavenet-A", Kind.SPEAKER, "es", "Wavenet-A"),
        ("af_heart", Kind.SPEAKER, "en", "heart"),
        ("jm_kumo", Kind.SPEAKER, "ja", "kumo"),
        ("alloy", Kind.NAME, "", "alloy"),
        ("nia", Kind.NAME, "", "nia"),
        ("ash", Kind.NAME, "", "ash"),
        ("default", Kind.NAME, "", "default"),
        ("", Kind.NAME, "", ""),
    ],
)
def test_a_name_tells_language_and_speaker(name: str, kind: Kind, language: str, speaker: str):
    voice = read_voice(name)
    assert (voice.kind, voice.language, voice.speaker) == (kind, language, speaker)


@pytest.mark.parametrize(
    ("name", "sex"),
    [("de", "m"), ("de+f3", "f"), ("de+m7", "m"), ("de+Annie", ""), ("bf_emma", "f"), ("x", "")],
)
def test_some_names_tell_whether_a_man_speaks_or_a_woman(name: str, sex: str):
    assert read_voice(name).sex == sex


def test_a_voice_is_found_as_the_server_spells_it():
    server = ServerVoices(("Alloy", "alloy", "de_DE-thorsten-high"))
    assert server.find("ALLOY") == "Alloy"
    assert server.find("DE_de-Thorsten-high") == "de_DE-thorsten-high"
    assert server.find("nova") is None
    assert server.find("de+f3") is None


def test_espeak_has_every_variant_of_every_language():
    server = ServerVoices(ESPEAK)
    assert server.find("DE+F3") == "de+f3"
    assert server.find("de+klingon") is None
    assert server.find("tlh+f3") is None


def test_a_server_that_tells_nothing_is_believed_to_have_what_is_asked_for():
    assert ServerVoices().find("anything") == "anything"
    assert ServerVoices().near("anything") == []


def test_what_is_near_a_name_is_told():
    server = ServerVoices(("jarvis", "sage", "de_DE-thorsten-high", "en_US-kristin-medium"))
    assert server.near("jarvs") == ["jarvis"]
    assert server.near("Thorsten")[0] == "de_DE-thorsten-high"
    assert server.near("qqqq") == []


@pytest.mark.parametrize(
    ("words", "voice"),
    [
        ("Jarvis", "jarvis"),
        ("thorsten", "de_DE-thorsten-high"),
        ("Heart", "af_heart"),
        ("a f heart", "af_heart"),
        ("default", None),
        ("morgan freeman", None),
        ("", None),
    ],
)
def test_a_voice_is_called_by_its_name_or_its_speakers(words: str, voice: str | None):
    server = ServerVoices(("default", "jarvis", "af_heart", "de_DE-thorsten-high"))
    assert server.spoken(words) == voice


def test_what_stands_behind_a_name_tells_its_language():
    server = ServerVoices(ESPEAK, {"Sage": "en-us+f3", "alloy": "de"})
    assert server.read("sage") == VoiceName("en-us+f3", Kind.TAG, "en-us", "f3", "f")
    assert server.speaks("alloy", "de-AT")
    assert not server.speaks("alloy", "en")
    assert server.speaks("jarvis", "en")  # nothing is known of it
    assert not server.speaks("jarvis", "de")


@pytest.mark.parametrize(
    ("language", "tag"),
    [("de", "de"), ("en-GB", "en-gb"), ("en-AU", "en"), ("no", "nb"), ("nn", "nb"), ("tlh", None)],
)
def test_a_language_is_spoken_by_the_nearest_tag(language: str, tag: str | None):
    assert ServerVoices(ESPEAK).tag(language) == tag


def test_tags_of_other_servers_are_no_languages_of_espeak():
    assert ServerVoices(("de", "en")).tag("de") is None
