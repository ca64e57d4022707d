from __future__ import annotations

from server.speech.config import VOICES, SpeechConfig


def test_voices_of_the_settings_are_added_to_the_built_in_ones() -> None:
    config = SpeechConfig(voices={"Nia": "de+f2", "extra": "fr"})
    assert config.voices == VOICES | {"nia": "de+f2", "extra": "fr"}


def test_settings_survive_the_way_to_the_child() -> None:
    config = SpeechConfig(voices={"extra": "fr"}, max_input=10)
    assert SpeechConfig.model_validate_json(config.model_dump_json()) == config
