"""How long a wait may be on the telephone before something is heard."""

from __future__ import annotations

from pipeline.config import PipelineConfig, SoundsConfig
from server.phone.engines.local_session import phone_config


def test_waits_are_shorter_on_the_telephone_and_as_the_settings_say() -> None:
    sounds = phone_config(PipelineConfig(), 1.2).sounds
    assert (round(sounds.thinking_wait, 3), sounds.words_wait, sounds.unknown_wait) == (0.8, 1.2, 2)
    slower = phone_config(PipelineConfig(), 2.4).sounds
    assert slower.words_wait == 2.4
    at_once = PipelineConfig(sounds=SoundsConfig(words_wait=0.5))
    assert phone_config(at_once, 1.2).sounds.words_wait == 0.5
